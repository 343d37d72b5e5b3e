import datetime
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pandas as pd
import pyarrow as pa
import pytest

import larder as package
from larder import Larder, LarderError, Prediction, ServiceUnreachable

ASKED = {"asked_at": datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)}


def test_predict(larder):
    prediction = larder.predict("churn", {"customer_id": "c-1"}, ASKED, features=True)
    assert isinstance(prediction, Prediction)
    assert prediction.model == "churn" and 0 < prediction.outputs["probability"] < 1
    assert {feature["ref"] for feature in prediction.features} >= {"activity@1:orders"}


def test_a_problem_is_an_exception(larder):
    with pytest.raises(LarderError) as raised:
        larder.predict("nobody", {"customer_id": "c-1"})
    assert (raised.value.code, raised.value.status) == ("MODEL_NOT_FOUND", 404)
    with pytest.raises(LarderError) as raised:
        larder.predict("churn", {"customer_id": 7}, ASKED)
    assert raised.value.code == "REQUEST_INVALID"
    assert [error.pointer for error in raised.value.errors] == ["/entities/customer_id"]


def test_a_batch_keeps_its_order_and_its_errors(larder):
    rows = [{"entities": {"customer_id": f"c-{i}"}} for i in range(1200)]
    rows[3] = {"entities": {}}
    answers = larder.predict_batch("churn", rows, shared_request=ASKED)
    assert len(answers) == 1200
    assert isinstance(answers[3], LarderError) and isinstance(answers[1199], Prediction)


def test_online_features_have_the_types_of_the_schema(larder):
    table = larder.online(["activity"], [{"customer_id": "c-1"}, {"customer_id": "nobody"}], details=True)
    assert isinstance(table, pa.Table)
    types = {field.name: field.type for field in table.schema}
    assert types["activity:orders"] == pa.float32() and types["activity:spent"] == pa.float64()
    assert types["activity:premium"] == pa.bool_() and types["activity:taste"] == pa.list_(pa.float32(), 2)
    assert table["activity@1.status"].to_pylist() == ["PRESENT", "NOT_FOUND"]
    frame = larder.online(["activity:orders"], pd.DataFrame({"customer_id": ["c-1", "c-2"]}))
    assert isinstance(frame, pd.DataFrame) and list(frame.columns) == ["customer_id", "activity:orders"]


def test_a_time_needs_a_zone(larder):
    with pytest.raises(ValueError, match="time zone"):
        larder.predict("churn", {"customer_id": "c-1"}, {"asked_at": datetime.datetime(2026, 11, 1)})


def test_nobody_there():
    with Larder("http://127.0.0.1:9", retries=0) as client, pytest.raises(ServiceUnreachable):
        client.predict("churn")


@pytest.fixture
def flaky():
    """A server that answers with what the test puts into `answers`, and counts."""

    class Handler(BaseHTTPRequestHandler):
        answers, requests = [], []

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.requests.append(self.headers.get("authorization"))
            status, headers, body = self.answers.pop(0)
            if status == 0:
                self.connection.close()
                return
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    Handler.answers, Handler.requests = [], []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Handler, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


ANSWER = (200, {}, b'{"prediction_id":"1","model":"m","version":1,"outputs":{},"degraded":false,"degraded_reasons":[]}')
BUSY = (503, {"retry-after": "0"}, b'{"code":"OVERLOADED","detail":"busy","status":503,"retryable":true}')


def test_only_what_was_refused_is_sent_again(flaky):
    handler, url = flaky
    with Larder(url, "lrd_key") as client:
        handler.answers += [BUSY, BUSY, ANSWER]
        assert client.predict("m").version == 1
        assert handler.requests == ["Bearer lrd_key"] * 3
        handler.answers += [BUSY, BUSY, BUSY]
        with pytest.raises(LarderError, match="OVERLOADED"):
            client.predict("m")
        # It may have been done: it is not sent again.
        handler.requests.clear()
        handler.answers += [(0, {}, b""), ANSWER]
        with pytest.raises(ServiceUnreachable):
            client.predict("m")
        assert len(handler.requests) == 1


def test_a_service_without_the_route_is_named_as_older(flaky):
    handler, url = flaky
    handler.answers += [(404, {}, b'{"code":"ROUTE_NOT_FOUND","detail":"This route does not exist.","status":404}')]
    with Larder(url) as client, pytest.raises(LarderError, match="older than this client") as raised:
        client.predict("m")
    assert raised.value.code == "ROUTE_NOT_FOUND"
    assert url in str(raised.value)


def test_the_package_is_the_wheel():
    assert "site-packages" in package.__file__
