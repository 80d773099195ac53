"""Patients and studies from and to files."""
