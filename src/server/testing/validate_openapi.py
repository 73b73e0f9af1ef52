"""Checks what a server of ours says of itself: validate_openapi.py DOCUMENT EXAMPLES.

DOCUMENT must be a valid OpenAPI 3.1 document; EXAMPLES is a list of [name of a schema, a value that must have it].
Prints "valid", or what is wrong."""

import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    examples = json.load(file)

faults = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()]
for name, value in examples:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    for error in Draft202012Validator(schema).iter_errors(value):
        faults.append(f"{name}: {'/'.join(map(str, error.path))}: {error.message}")
print("\n".join(faults) or "valid")
