#!/usr/bin/env python3
"""Makes sigv4_cases.json: requests with the signatures that botocore gives them.

    python3 make_sigv4_cases.py > sigv4_cases.json      (pip install botocore; scripts/moto_requirements.txt has it)

What it holds are made-up keys and names. The clock is fixed, so the output is the same each time.
"""
import base64
import datetime
import json
import sys

import botocore.auth
import botocore.awsrequest
import botocore.compat
import botocore.credentials

NOW = datetime.datetime(2026, 2, 28, 23, 59, 7)
LONG = botocore.credentials.Credentials("AKIDMADEUPFORTESTS00", "made/up+SECRET/for+tests/0123456789abcdefg")
ROLE = botocore.credentials.Credentials("ASIDMADEUPFORTESTS00", "another/made/up+SECRET+0123456789abcdefghi",
                                        "session/token+with==special/characters")


def fix_clock():
    def now(remove_tzinfo=True):
        return NOW if remove_tzinfo else NOW.replace(tzinfo=datetime.timezone.utc)
    for module in (botocore.auth, botocore.compat):
        if hasattr(module, "get_current_datetime"):
            module.get_current_datetime = now


def keys_of(credentials):
    return {"access_key_id": credentials.access_key, "secret_access_key": credentials.secret_key,
            "session_token": credentials.token or ""}


def case(name, kind, auth, request, credentials, service, region, **more):
    """kind: header or query."""
    before = dict(request.headers.items())
    auth.add_auth(request)
    prepared = request.prepare()
    result = {"name": name, "kind": kind, "method": request.method, "service": service, "region": region,
              "time": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"), "credentials": keys_of(credentials),
              "headers": before, "body": (request.data or b"").decode(), "signed_url": prepared.url}
    result.update(more)
    if kind == "header":
        result["authorization"] = request.headers["Authorization"]
        result["payload_hash"] = request.headers.get("X-Amz-Content-SHA256", "")
    return result


def plain(name, method, url, credentials, service, region, headers=None, body=b""):
    request = botocore.awsrequest.AWSRequest(method=method, url=url, headers=headers or {}, data=body)
    auth = botocore.auth.SigV4Auth(credentials, service, region)
    return case(name, "header", auth, request, credentials, service, region, url=url)


def s3(name, method, url, credentials, region, headers=None, body=b""):
    request = botocore.awsrequest.AWSRequest(method=method, url=url, headers=headers or {}, data=body)
    request.context["client_config"] = None
    request.context["payload_signing_enabled"] = True
    auth = botocore.auth.S3SigV4Auth(credentials, "s3", region)
    auth._should_sha256_sign_payload = lambda request: True
    return case(name, "header", auth, request, credentials, "s3", region, url=url)


def presigned(name, url, credentials, region, expires):
    request = botocore.awsrequest.AWSRequest(method="GET", url=url)
    auth = botocore.auth.S3SigV4QueryAuth(credentials, "s3", region, expires=expires)
    return case(name, "query", auth, request, credentials, "s3", region, url=url, expires=expires)


def posted(name, credentials, region):
    policy = {"expiration": "2026-03-01T00:14:07Z",
              "conditions": [{"bucket": "uploads-of-tests"}, {"key": "transcription_upload/åäö file.wav"},
                             ["content-length-range", 1, 1073741824]]}
    request = botocore.awsrequest.AWSRequest(method="POST", url="https://uploads-of-tests.s3.amazonaws.com/")
    fields = {"key": "transcription_upload/åäö file.wav"}
    request.context["s3-presign-post-fields"] = fields
    request.context["s3-presign-post-policy"] = policy
    botocore.auth.S3SigV4PostAuth(credentials, "s3", region).add_auth(request)
    return {"name": name, "kind": "post", "service": "s3", "region": region,
            "time": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"), "credentials": keys_of(credentials), "fields": fields,
            "policy": json.loads(base64.b64decode(fields["policy"]))}


def main():
    fix_clock()
    json_headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.GetItem"}
    form_headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    bucket = "https://a-bucket.s3.eu-north-1.amazonaws.com"
    cases = [
        plain("dynamodb", "POST", "https://dynamodb.eu-north-1.amazonaws.com/", LONG, "dynamodb", "eu-north-1",
              json_headers, b'{"TableName": "t", "Key": {"id": {"S": "1"}}}'),
        plain("dynamodb, role", "POST", "https://dynamodb.eu-north-1.amazonaws.com/", ROLE, "dynamodb", "eu-north-1",
              json_headers, b"{}"),
        plain("ec2", "POST", "https://ec2.us-east-1.amazonaws.com/", LONG, "ec2", "us-east-1", form_headers,
              b"Action=DescribeInstances&Version=2016-11-15"),
        plain("a port that is not the usual one", "POST", "http://127.0.0.1:5123/", ROLE, "sqs", "eu-north-1",
              json_headers, b"{}"),
        plain("a path that is encoded once more", "GET", "https://service.example/2015/functions/a%3Ab%20c/x", LONG,
              "lambda", "eu-west-1"),
        plain("a path with dots", "GET", "https://service.example/a/./b/../c//d/", LONG, "lambda", "eu-west-1"),
        plain("a query", "GET", "https://service.example/?b=2&a=1&a=0&empty=&sp=%20%2B%2F~-_.", ROLE, "iam",
              "us-east-1"),
        s3("s3 get", "GET", bucket + "/plain.txt", LONG, "eu-north-1"),
        s3("s3 range, role", "GET", bucket + "/a/b.wav", ROLE, "eu-north-1",
           {"Range": "bytes=0-1023", "If-Match": '"0123456789abcdef"'}),
        s3("s3 key with everything", "PUT", bucket + "/a//b/../%C3%A5%C3%A4%C3%B6%20%2B%26%3D%3F%23%25~.txt", LONG,
           "eu-north-1", {"Content-Type": "text/plain"}, b"body of the object"),
        s3("s3 path style", "PUT", "http://127.0.0.1:5123/a.bucket/key", LONG, "eu-north-1", {}, b"x"),
        s3("s3 list", "GET", bucket + "/?list-type=2&prefix=a%2Fb%20c&encoding-type=url", LONG, "eu-north-1"),
        s3("s3 part", "PUT", bucket + "/k?partNumber=3&uploadId=ab.c_d-e~f%2B%3D", ROLE, "eu-north-1", {}, b"part"),
        s3("s3 sub-resource without a value", "POST", bucket + "/k?uploads", LONG, "eu-north-1"),
        presigned("presigned", bucket + "/results/a/b.txt", LONG, "eu-north-1", 900),
        presigned("presigned, role", bucket + "/results/%C3%A5%20b%2B.txt", ROLE, "eu-north-1", 604800),
        presigned("presigned with a query", bucket + "/k?response-content-disposition=attachment%3B%20filename%3D%22a%22",
                  LONG, "eu-north-1", 1),
        presigned("presigned, path style", "http://127.0.0.1:5123/a.bucket/key", ROLE, "eu-north-1", 60),
        posted("post", LONG, "eu-north-1"),
        posted("post, role", ROLE, "eu-north-1"),
    ]
    json.dump(cases, sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
