"""The contract: OpenAPI 3.1 made from the views as they are, and from one table per resource.

What a rule can know comes from the code: names and summaries from the action and the resource's
noun, who may call and which 4xx that means from the permission table, headers from what the kernel
does for the method. What no rule knows (a text, an error of the domain, an example) stands in the
app's ``contract.py``, in the words of :mod:`core.api.schema.tables`.
"""
