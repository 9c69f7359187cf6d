"""The same storage interface on an S3-compatible server."""

import io

import boto3
import pytest
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer

from config import health
from config.settings import _storage


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield "{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def s3(server, settings):
    client = boto3.client(
        "s3", endpoint_url=f"http://{server}", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="uplift")
    settings.STORAGES = settings.STORAGES | {"default": _storage(f"s3+http://key:secret@{server}/uplift")}
    return storages["default"]


def test_a_file_comes_back_byte_for_byte_and_is_never_overwritten(s3):
    content = bytes(range(256)) * 1000
    name = s3.save("datasets/a.parquet", io.BytesIO(content))
    again = s3.save("datasets/a.parquet", io.BytesIO(b"other"))
    assert again != name
    with s3.open(name) as file:
        assert file.read() == content


def test_a_deleted_file_is_gone(s3):
    name = s3.save("datasets/a.parquet", io.BytesIO(b"rows"))
    s3.delete(name)
    assert not s3.exists(name)


def test_a_file_address_is_signed_and_expires(s3):
    assert "Signature" in s3.url(s3.save("a.csv", io.BytesIO(b"rows")))


def test_the_storage_is_ready(s3):
    health.check_storage()
