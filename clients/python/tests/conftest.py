import json
import os
import subprocess
from pathlib import Path

import pytest

from larder import Larder

URL = os.environ["TEST_URL"]
PROJECT = Path(os.environ["TEST_PROJECT"])


@pytest.fixture(scope="session")
def larder():
    with Larder(URL) as client:
        yield client


@pytest.fixture(scope="session")
def project():
    return PROJECT


@pytest.fixture(scope="session")
def command():
    """Runs `larder …` in the project and returns its stdout."""

    def run(*arguments):
        done = subprocess.run([*json.loads(os.environ["TEST_LARDER"]), *arguments], cwd=PROJECT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
