"""S3's own errors, each a code that clients act on.

Source: Amazon S3 API Reference, 'Error responses'.
"""

from __future__ import annotations

from hansa.model.errors import HansaError

STATUS = {
    'AccessDenied': 403, 'AuthorizationHeaderMalformed': 400, 'AuthorizationQueryParametersError': 400, 'BadDigest': 400,
    'BucketAlreadyOwnedByYou': 409, 'BucketNotEmpty': 409, 'EntityTooLarge': 400, 'EntityTooSmall': 400, 'IncompleteBody': 400,
    'InvalidAccessKeyId': 403, 'InvalidArgument': 400, 'InvalidBucketName': 400, 'InvalidDigest': 400, 'InvalidLocationConstraint': 400,
    'InvalidPart': 400, 'InvalidPartNumber': 416, 'InvalidPartOrder': 400, 'InvalidRange': 416, 'InvalidRequest': 400, 'InvalidStorageClass': 400, 'InvalidURI': 400,
    'KeyTooLongError': 400, 'MalformedXML': 400, 'MetadataTooLarge': 400, 'MethodNotAllowed': 405, 'MissingContentLength': 411,
    'MissingSecurityHeader': 400, 'NoSuchBucket': 404, 'NoSuchKey': 404, 'NoSuchUpload': 404, 'NotImplemented': 501, 'OperationAborted': 409,
    'PreconditionFailed': 412, 'RequestTimeTooSkewed': 403, 'SignatureDoesNotMatch': 403, 'XAmzContentSHA256Mismatch': 400,
}  # fmt: skip


class Refused(HansaError):
    """One of S3's errors; `code` is a word of STATUS."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = STATUS[code]
