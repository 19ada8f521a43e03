"""One step with boto3, as standard input tells it in JSON: make a bucket, upload a folder into it, list, download or delete what it holds.

It is run by the Python of the object clients (lab/objects); nothing else of the project is there.
"""

import concurrent.futures
import json
import pathlib
import sys
from collections.abc import Callable
from typing import Any

import boto3

AT_ONCE = 10


def main() -> None:
    """Prints how many objects there were."""
    order = json.load(sys.stdin)
    s3 = boto3.client(
        's3', endpoint_url=order['endpoint'], aws_access_key_id=order['access'], aws_secret_access_key=order['secret'],
        region_name='RegionOne', config=boto3.session.Config(max_pool_connections=AT_ONCE, s3={'addressing_style': 'path'}),
    )  # fmt: skip
    bucket, folder, verb = order['bucket'], pathlib.Path(order['folder']), order['verb']
    if verb == 'make':
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={'LocationConstraint': order['site']})
        return
    if verb == 'upload':
        names = sorted(str(each.relative_to(folder)) for each in folder.rglob('*') if each.is_file())
        each_of(names, lambda name: s3.upload_file(str(folder / name), bucket, name))
    else:
        names = [each['Key'] for page in s3.get_paginator('list_objects_v2').paginate(Bucket=bucket) for each in page.get('Contents', [])]
    if verb == 'download':
        each_of(names, lambda name: fetched(s3, bucket, name, folder / name))
    if verb == 'delete':
        for start in range(0, len(names), 1000):
            s3.delete_objects(Bucket=bucket, Delete={'Objects': [{'Key': name} for name in names[start : start + 1000]]})
        s3.delete_bucket(Bucket=bucket)
    sys.stdout.write(f'{len(names)}\n')


def each_of(names: list[str], act: Callable[[str], object]) -> None:
    """Act on all of them, some at a time."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(act, names))


def fetched(s3: Any, bucket: str, name: str, place: pathlib.Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    s3.download_file(bucket, name, str(place))


if __name__ == '__main__':
    main()
