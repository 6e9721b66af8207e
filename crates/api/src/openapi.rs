//! The `OpenAPI` document: told by the routes, completed by what only settings know.

use domain::export::{SpeakerLabels, SubtitleStyle, TextStyle};
use domain::model::ModelName;
use domain::options::{AsrTask, Interpolation};
use domain::request::{Device, RequestedCompute};
use utoipa::ToSchema;
use utoipa::openapi::path::{Callback, HttpMethod, OperationBuilder, Parameter};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr,
    Required, ResponseBuilder, Schema,
};

use crate::extract::{
    AlignQuery, DiarizeQuery, FullProcess, ResultQuery, TranscribeQuery, described,
};
use crate::state::ApiSettings;
use crate::wire::{
    ApiWord, ProblemSchema, TaskEventReceived, TaskSchema, ValidationSchema, one_of,
};

/// Name and version of the API, as the reference's service has them: clients are generated from them.
pub(crate) const TITLE: &str = "whisperX REST service";
const VERSION: &str = "0.0.1";

/// What stands before the paths.
pub(crate) fn head() -> OpenApi {
    let tag = |name: &str, description: &str| {
        let tag = TagBuilder::new().name(name).description(Some(description));
        tag.build()
    };
    let tags = [
        tag(
            "Speech-2-Text",
            "Words of a recording, their times, and who says them",
        ),
        tag("Speech-2-Text services", "The same, one step at a time"),
        tag("Tasks Management", "What becomes of tasks"),
        tag("Health", "How the service is"),
    ];
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title(TITLE).version(VERSION).build())
        .tags(Some(tags))
        .build()
}

/// Adds to the document what the routes do not know: parameters with the defaults that hold here, callbacks, and schemas
/// that are only referred to.
pub(crate) fn complete(mut document: OpenApi, settings: &ApiSettings) -> OpenApi {
    document.info.description = Some(description(settings));
    for (path, parameters) in [
        ("/speech-to-text", described::<FullProcess>(settings)),
        ("/speech-to-text-url", described::<FullProcess>(settings)),
        (
            "/service/transcribe",
            described::<TranscribeQuery>(settings),
        ),
        ("/service/align", described::<AlignQuery>(settings)),
        ("/service/diarize", described::<DiarizeQuery>(settings)),
        (
            "/task/{identifier}/result",
            described::<ResultQuery>(settings),
        ),
    ] {
        add_parameters(&mut document, path, parameters);
    }
    let id = "task_completion_callback"; // the reference has it at the second only, and ids are unique
    add_callback(
        &mut document,
        "/speech-to-text",
        "task_completion_callback_upload",
    );
    add_callback(&mut document, "/speech-to-text-url", id);
    let components = document.components.get_or_insert_default();
    add_schema::<ProblemSchema>(components);
    add_schema::<ValidationSchema>(components);
    add_schema::<TaskSchema>(components);
    add_schema::<TaskEventReceived>(components);
    add_words::<ModelName>(components);
    add_words::<AsrTask>(components);
    components
        .schemas
        .insert("Device".to_owned(), devices(settings));
    add_words::<RequestedCompute>(components);
    add_words::<Interpolation>(components);
    add_words::<SubtitleStyle>(components);
    add_words::<SpeakerLabels>(components);
    add_words::<TextStyle>(components);
    document
}

/// The devices that tasks can ask for here.
fn devices(settings: &ApiSettings) -> RefOr<Schema> {
    let devices = Device::ALL.iter();
    let usable = devices.filter(|device| settings.has_gpu || **device != Device::Cuda);
    one_of(usable.map(|device| device.as_str()), false)
}

fn description(settings: &ApiSettings) -> String {
    let sorted = |extensions: &[String]| {
        let mut extensions = extensions.to_vec();
        extensions.sort();
        extensions.join(", ")
    };
    format!(
        "Scriven: speech to text on your own machine, with the API of the whisperX REST service.\n\n\
         - **Speech-2-Text**: upload a recording, or name its URL, and get words, their times and their speakers.\n\
         - **Services**: transcribe, align, diarize and combine, one step at a time.\n\
         - **Tasks**: every submission makes a task; ask for it until it is `completed` or `failed`.\n\
         - **Health**: whether the process lives, and whether it is ready.\n\n\
         Audio: {}\n\nVideo: {}",
        sorted(&settings.audio_extensions),
        sorted(&settings.video_extensions)
    )
}

fn add_parameters(document: &mut OpenApi, path: &str, parameters: Vec<Parameter>) {
    let item = document.paths.paths.get_mut(path);
    // No path of these has both.
    if let Some(operation) = item.and_then(|item| item.post.as_mut().or(item.get.as_mut())) {
        let known = operation.parameters.get_or_insert_default();
        known.extend(parameters.into_iter().map(RefOr::T));
    }
}

/// Contract 3.5, with an expression that finds the parameter.
fn add_callback(document: &mut OpenApi, path: &str, id: &str) {
    let json = |schema: &str| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema)));
        content.build()
    };
    let answer = |description: &str, schema: &str| {
        let response = ResponseBuilder::new().description(description);
        response.content("application/json", json(schema)).build()
    };
    let body = RequestBodyBuilder::new()
        .content("application/json", json("Result"))
        .required(Some(Required::True))
        .build();
    let operation = OperationBuilder::new()
        .tag("Callbacks")
        .summary(Some("The task has ended"))
        .operation_id(Some(id))
        .request_body(Some(body))
        .response("200", answer("The receiver has it", "TaskEventReceived"))
        .response(
            "422",
            answer("The receiver does not understand it", "HTTPValidationError"),
        );
    let post = PathItem::new(HttpMethod::Post, operation);
    let item = document.paths.paths.get_mut(path);
    if let Some(operation) = item.and_then(|item| item.post.as_mut()) {
        let callback =
            Callback::from([("{$request.query.callback_url}".to_owned(), RefOr::T(post))]);
        let name = "task_notification".to_owned();
        operation.callbacks.insert(name, RefOr::T(callback));
    }
}

fn add_schema<T: ToSchema>(components: &mut Components) {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    components.schemas.extend(schemas);
}

fn add_words<W: ApiWord>(components: &mut Components) {
    if let Some(name) = W::SCHEMA {
        components.schemas.insert(name.to_owned(), W::schema());
    }
}
