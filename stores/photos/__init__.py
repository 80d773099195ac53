"""Photos on their way in: the headers of tus, bytes on disk, pictures, and where files stay."""
