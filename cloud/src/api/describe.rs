//! What the description of the API says beside its routes: keys, problems, and the webhooks' address.

use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Required, Response,
    ResponseBuilder, Type,
};

use super::problem::MEDIA_TYPE;

const SIGNATURE: &str = "webhook_signature";

/// The description before its routes.
pub(super) fn begin() -> OpenApi {
    let mut document = utoipa::openapi::OpenApiBuilder::new()
        .info(
            utoipa::openapi::InfoBuilder::new()
                .title("Integration Hero Connect")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "nopCommerce stores and Microsoft Dynamics GP, joined.",
                ))
                .build(),
        )
        .build();
    let bearer = |description: &str| {
        let http = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        SecurityScheme::Http(http.description(Some(description)).build())
    };
    let mut components = utoipa::openapi::Components::new();
    components.add_security_scheme("api_key", bearer("A key of the tenant: ihc_..."));
    components.add_security_scheme(
        "operator_key",
        bearer("A key of the installation: ihco_..."),
    );
    let signature = ApiKeyValue::with_description(
        "webhook-signature",
        "Standard Webhooks: v1,HMAC-SHA256 of id.timestamp.body with the store's webhook secret.",
    );
    components.add_security_scheme(SIGNATURE, SecurityScheme::ApiKey(ApiKey::Header(signature)));
    document.components = Some(components);
    document
}

/// Adds what the routes do not say themselves.
pub(super) fn finish(mut document: OpenApi) -> OpenApi {
    let hooks = "/hooks/{store_key}".to_owned();
    let mut item = PathItem::new(HttpMethod::Post, deliver());
    item.get = Some(echo().build());
    document.paths.paths.insert(hooks, item);
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            let default = operation.responses.responses.get_mut("default");
            if let Some(RefOr::T(problem)) = default {
                rename(problem);
            }
        }
    }
    document
}

/// Problems have a media type of their own.
fn rename(problem: &mut Response) {
    if let Some(content) = problem.content.shift_remove("application/json") {
        problem.content.insert(MEDIA_TYPE.to_owned(), content);
    }
}

fn of_hooks(summary: &str) -> OperationBuilder {
    let key = ParameterBuilder::new()
        .name("store_key")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("Names the store; the end of its hook_url."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    let problem = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name("Problem"))))
        .build();
    let default = ResponseBuilder::new()
        .description("A problem")
        .content("application/json", problem);
    OperationBuilder::new()
        .tag("webhooks")
        .summary(Some(summary))
        .parameter(key)
        .response("default", default)
        .security(SecurityRequirement::new::<_, [&str; 0], &str>(
            SIGNATURE,
            [],
        ))
}

fn deliver() -> OperationBuilder {
    let object = || {
        ContentBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(Type::Object)))
            .build()
    };
    let envelope = RequestBodyBuilder::new()
        .description(Some(
            "The envelope: id, topic, store_url, installation_id, store_id, entity, entity_id, \
             occurred_at, sequence. With an ms-signature header, the legacy plugin's body.",
        ))
        .required(Some(Required::True))
        .content("application/json", object())
        .build();
    let header = |name: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build()
    };
    let taken = ResponseBuilder::new()
        .description("Stored durably: event_id, or event_ids of several.")
        .content("application/json", object());
    of_hooks("Takes a store's webhook; a repeated delivery does nothing twice.")
        .operation_id(Some("receive_webhook"))
        .parameter(header("webhook-id"))
        .parameter(header("webhook-timestamp"))
        .parameter(header("webhook-signature"))
        .parameter(header("ms-signature"))
        .request_body(Some(envelope))
        .response("202", taken)
}

fn echo() -> OperationBuilder {
    let asked = ParameterBuilder::new()
        .name("echo")
        .parameter_in(ParameterIn::Query)
        .required(Required::True)
        .description(Some("1 to 64 letters or digits."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    let text = ContentBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    let said = ResponseBuilder::new()
        .description("The same again.")
        .content("text/plain", text);
    of_hooks("Answers the question of the legacy plugin when it is given the address.")
        .operation_id(Some("echo_webhook"))
        .parameter(asked)
        .response("200", said)
}
