//! What stands for the state of the service, which forms do not ask.

#[derive(Debug)]
pub struct ApiState;
