"""The API against its own OpenAPI description: schemathesis makes up requests and checks the answers."""

import json
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from tests.desks import RunningDesk, fill_store, running

schemathesis: Any = pytest.importorskip("schemathesis", reason="needs the tools of requirements-dev.lock")
pytest.importorskip("uvicorn", reason="needs the desk's packages")

from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: E402

# Loads without a desk: the description is the same for every store.
from desk.dashboard.contract import ENDPOINTS, openapi  # noqa: E402

DESCRIPTION = schemathesis.openapi.from_dict(openapi())


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    folder = tmp_path_factory.mktemp("desk") / "data"
    fill_store(folder, 60)
    with running(folder) as found:
        yield found


# The package is imported only where it is there, so its types are not known.
@DESCRIPTION.parametrize()  # type: ignore[untyped-decorator]
@hypothesis.settings(max_examples=6, suppress_health_check=list(hypothesis.HealthCheck))
def test_answers_are_as_described_whatever_is_asked(case: Any, desk: RunningDesk) -> None:  # noqa: ANN401 - made up
    answer = case.call(base_url=f"http://127.0.0.1:{desk.port}")
    # No schema can say that a range must not end before it begins.
    is_backward = answer.status_code == 400 and "since is after until" in answer.text
    case.validate_response(answer, excluded_checks=[positive_data_acceptance] if is_backward else [])


def test_description_is_served_and_names_every_address(desk: RunningDesk) -> None:
    served = desk.get("/openapi.json").json
    assert served == json.loads(json.dumps(openapi()))
    assert set(served["paths"]) == {each.path for each in ENDPOINTS}
    page = desk.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert all(f"GET {each.path}<" in page.body.decode() for each in ENDPOINTS)
    assert "<script" not in page.body.decode()


def test_every_address_of_the_issue_is_there(desk: RunningDesk) -> None:
    names = ("trades", "analysis", "portfolio", "performance", "sentiment", "prices", "events", "status")
    for path in (*(f"/api/{name}" for name in names), "/health"):
        assert desk.get(path).status == 200
