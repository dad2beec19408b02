"""The OpenAPI document: it is what other cities write their clients from, without anybody to ask."""

from __future__ import annotations

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.entrypoints.http.deps import KEY_EXAMPLE
from tests.document import document, operations

DOCUMENT = document()
OPERATIONS = operations()
API = {name: operation for name, operation in OPERATIONS.items() if " /api/" in name}
PROBLEM = "application/problem+json"


def resolved(schema):
    """The schema with the document's components beside it, so that its references are found."""
    return {**schema, "components": DOCUMENT["components"]}


def examples_of(content):
    """Every example of a media type: its own, and those of its schema."""
    found = [each["value"] for each in content.get("examples", {}).values()]
    found += [content["example"]] if "example" in content else []
    schema = content.get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    for each in (schema, DOCUMENT["components"]["schemas"].get(name, {})):
        found += each.get("examples", [])
    return found


def schemas_of(schema):
    """A schema and those it is a choice of."""
    return [schema, *schema.get("anyOf", ())]


def test_the_document_is_openapi_3_1():
    """A generator of clients would stop at the first page."""
    assert DOCUMENT["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_operations_have_names_of_their_own():
    """A generated client would have two functions of one name."""
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", API)
def test_an_operation_says_what_it_does(name):
    """A stranger would have to read the code to learn what an operation is for."""
    operation = API[name]
    assert operation["summary"][0].isupper()
    assert operation["tags"]
    for parameter in operation.get("parameters", ()):
        assert parameter.get("schema"), parameter["name"]


@pytest.mark.parametrize("name", [name for name, operation in API.items() if "requestBody" in operation])
def test_a_body_has_an_example_that_is_valid(name):
    """The first thing that anybody sends is the example; it would be refused."""
    content = API[name]["requestBody"]["content"]
    a_file = " /api/v1/spaces/{space}/imports/" in name
    assert list(content) == (["text/csv", "application/geo+json"] if a_file else ["application/json"])
    for media_type in content.values():
        examples = [each["value"] for each in media_type.get("examples", {}).values()]
        examples += [media_type["example"]] if "example" in media_type else []
        assert examples, "no example as a whole"
        validator = jsonschema.Draft202012Validator(resolved(media_type["schema"]))
        for example in examples:
            assert not [error.message for error in validator.iter_errors(example)]


@pytest.mark.parametrize("name", API)
def test_examples_of_parameters_are_valid(name):
    """A viewer fills them in; what is sent then would be refused, or mean something else."""
    for parameter in API[name].get("parameters", ()):
        examples = [parameter["example"]] if "example" in parameter else []
        examples += [example for each in schemas_of(parameter["schema"]) for example in each.get("examples", ())]
        validator = jsonschema.Draft202012Validator(resolved(parameter["schema"]))
        for example in examples:
            assert not [error.message for error in validator.iter_errors(example)], parameter["name"]
        if parameter["name"] == "Idempotency-Key":
            assert set(examples) == {KEY_EXAMPLE}


@pytest.mark.parametrize("name", API)
def test_an_answer_has_an_example_that_is_valid(name):
    """Without an example a reader would have to send something to see what comes back."""
    answers = {status: answer for status, answer in API[name]["responses"].items() if status.startswith("2")}
    assert answers, "no answer"
    for answer in answers.values():
        for media_type, content in answer.get("content", {}).items():
            examples = examples_of(content)
            assert examples, f"no example of {media_type}"
            validator = jsonschema.Draft202012Validator(resolved(content.get("schema", {})))
            for example in examples:
                assert not [error.message for error in validator.iter_errors(example)]


@pytest.mark.parametrize("name", API)
def test_refusals_are_problems_with_examples(name):
    """A client's author would find out about a refusal when it comes, in an emergency."""
    operation = API[name]
    refusals = {int(status): answer for status, answer in operation["responses"].items() if status[0] in "45"}
    wanted = {422, 503}
    if " /api/v1/session" not in name:
        wanted |= {401}
    if "requestBody" in operation:
        wanted |= {409, 413, 415}
    assert wanted <= set(refusals), f"missing {sorted(wanted - set(refusals))}"
    assert "default" not in operation["responses"]
    for status, answer in refusals.items():
        assert list(answer["content"]) == [PROBLEM], status
        for example in examples_of(answer["content"][PROBLEM]):
            assert example["type"].startswith("/problems/")
            assert example["status"] == status
            assert example["hint"]


def test_every_document_says_where_its_problems_stand():
    """`type` is an address; a reader who follows it would find nothing."""
    assert "Problem" in DOCUMENT["components"]["schemas"]
    assert "ValidationError" not in DOCUMENT["components"]["schemas"]
