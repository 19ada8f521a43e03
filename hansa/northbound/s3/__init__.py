"""Amazon's S3 API on the containers of the object store."""
