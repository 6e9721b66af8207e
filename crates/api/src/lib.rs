//! HTTP in, HTTP out: the service's endpoints, their documents and errors.
