import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_pydantic import OpenAPI

from shared.http import Endpoint, problem
from tools.api_docs import services
from tools.openapi import NARROWER, Service, document, errors_of

SERVICES = services()
DOCUMENTS = {name: document(service) for name, service in SERVICES.items()}
NAMES = sorted(DOCUMENTS)
ROWS = [(service, row) for service in SERVICES.values() for row in service.endpoints]
CONTRACT = {
    "app": {
        ("post", "/groups"),
        ("get", "/groups/{group_id}"),
        ("post", "/groups/{group_id}/token"),
        ("post", "/groups/{group_id}/archive"),
    },
    "orchestrator": {
        ("post", "/infra/groups"),
        ("post", "/infra/routing-token"),
        ("get", "/groups/{group_id}/ws"),
        ("post", "/infra/cleanup"),
    },
    "agents": {("post", "/agents/run"), ("post", "/agents/run-stream")},
}


def operations(name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENTS[name]["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for child in value.values():
            yield from references(child)
    elif isinstance(value, list):
        for child in value:
            yield from references(child)


def resolved(name: str, reference: str) -> dict[str, Any]:
    found: Any = DOCUMENTS[name]
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found


def validator(name: str, schema: dict[str, Any]) -> Draft202012Validator:
    """Of a schema of this document; its components come along, so that references lead somewhere."""
    return Draft202012Validator({**schema, "components": {"schemas": DOCUMENTS[name]["components"]["schemas"]}})


@pytest.mark.parametrize("name", NAMES)
def test_it_is_openapi_3_1(name: str) -> None:
    assert OpenAPI.model_validate_json(json.dumps(DOCUMENTS[name])).openapi == "3.1.0"


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_json_schema(name: str) -> None:
    for schema in DOCUMENTS[name]["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere_and_every_component_is_used(name: str) -> None:
    used = set(references(DOCUMENTS[name]))
    for reference in used:
        resolved(name, reference)
    kinds = ("schemas", "responses", "examples", "headers")
    components = DOCUMENTS[name]["components"]
    assert {f"#/components/{kind}/{key}" for kind in kinds for key in components[kind]} <= used


@pytest.mark.parametrize("name", NAMES)
def test_operations_have_names_of_their_own_a_summary_and_a_tag(name: str) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(name)]
    assert len(ids) == len(set(ids))
    tags = {tag["name"] for tag in DOCUMENTS[name]["tags"]}
    for _, _, operation in operations(name):
        assert operation["summary"]
        assert set(operation["tags"]) <= tags


@pytest.mark.parametrize("name", NAMES)
def test_every_part_of_a_path_is_a_parameter(name: str) -> None:
    for _, path, operation in operations(name):
        declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path))


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_says_how_callers_prove_themselves(name: str) -> None:
    schemes = DOCUMENTS[name]["components"]["securitySchemes"]
    for _, _, operation in operations(name):
        assert {scheme for together in operation["security"] for scheme in together} <= set(schemes)
        if operation["security"]:
            assert "401" in operation["responses"]


@pytest.mark.parametrize("name", NAMES)
def test_the_contract_is_there(name: str) -> None:
    assert CONTRACT[name] <= {(method, path) for method, path, _ in operations(name)}


@pytest.mark.parametrize("name", NAMES)
def test_every_example_of_a_body_is_one(name: str) -> None:
    bodies = [operation["requestBody"] for _, _, operation in operations(name) if "requestBody" in operation]
    for body in bodies:
        content = body["content"]["application/json"]
        if "example" in content:
            validator(name, content["schema"]).validate(content["example"])


def test_every_example_belongs_to_an_operation() -> None:
    for service in SERVICES.values():
        names = {row.handler.__name__ for row in service.endpoints}
        assert set(service.examples) | set(service.answers) <= names


@pytest.mark.parametrize("name", NAMES)
def test_a_served_problem_is_the_documented_one(name: str) -> None:
    checked = validator(name, {"$ref": "#/components/schemas/ProblemDetails"})
    for row in SERVICES[name].endpoints:
        for error in errors_of(SERVICES[name], row):
            body = json.loads(bytes(problem(error(), "req_1").body))
            checked.validate(body)
            assert body.keys() == DOCUMENTS[name]["components"]["examples"][error.code]["value"].keys()


@pytest.mark.parametrize(("service", "row"), ROWS, ids=[f"{row.method} {row.path}" for _, row in ROWS])
def test_what_a_handler_raises_is_listed(service: Service, row: Endpoint) -> None:
    known = {error.__name__ for error in errors_of(service, row)}
    assert raised_by(row) <= known, "add it to the endpoint's `errors`"


def raised_by(row: Endpoint) -> set[str]:
    """Names of the errors that the handler's own text raises."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(row.handler)))
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    classes = [exc.func if isinstance(exc, ast.Call) else exc for exc in raised]
    return {node.id for node in classes if isinstance(node, ast.Name)} - {"NotImplementedError"}


def test_a_narrower_error_has_the_status_of_its_family() -> None:
    for family, narrower in NARROWER.items():
        assert {error.status for error in narrower} == {family.status}
