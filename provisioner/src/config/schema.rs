//! The JSON schema of `latchkey.toml`, from its description: editors check and complete the file with it.
//!
//! It tells as much as a schema can. What it lets through and the parser does not: networks that overlap or are none,
//! routes through subnets that are not listed, certificates that outlive their CA.

use serde_json::{Map, Value, json};

use super::{
    description::{FILE, Key, Kind, Need},
    tags,
};

/// The schema as text, with a line break at the end.
pub fn text() -> String {
    let mut schema = table(FILE);
    let about = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "latchkey.toml",
        "description": "A deployment of AWS Client VPN with certificate authentication.",
    });
    extend(&mut schema, about);
    if let Some(network) = schema.pointer_mut("/properties/network") {
        extend(network, client_cidr_rule());
    }
    if let Some(second_factor) = schema.pointer_mut("/properties/second_factor") {
        extend(second_factor, second_factor_rule());
    }
    format!("{schema:#}\n")
}

fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> =
        keys.iter().filter(|key| matches!(key.need, Need::Required)).map(|key| key.name).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "required": required })
}

fn property(key: &Key) -> Value {
    let mut schema = of_kind(&key.kind);
    extend(&mut schema, json!({ "description": key.about }));
    if let (Need::Default(default), None) = (&key.need, key.kind.keys()) {
        extend(&mut schema, json!({ "default": from_toml(default) }));
    }
    schema
}

fn of_kind(kind: &Kind) -> Value {
    match kind {
        Kind::Text { least, most, pattern: "" } => json!({ "type": "string", "minLength": least, "maxLength": most }),
        Kind::Text { least, most, pattern } => {
            json!({ "type": "string", "minLength": least, "maxLength": most, "pattern": pattern })
        }
        Kind::Word(words) => json!({ "type": "string", "enum": words }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Number(numbers) => json!({ "type": "integer", "enum": numbers }),
        Kind::Count(most) => json!({ "type": "integer", "minimum": 1, "maximum": most }),
        Kind::List { item, least, most } => {
            let mut schema = json!({
                "type": "array", "items": of_kind(item), "minItems": least, "uniqueItems": true,
            });
            if *most < usize::MAX {
                extend(&mut schema, json!({ "maxItems": most }));
            }
            schema
        }
        Kind::Table(keys) => table(keys),
        Kind::TextOrTable(text, keys) => json!({ "anyOf": [of_kind(text), table(keys)] }),
        Kind::Tags => json!({
            "type": "object",
            "maxProperties": tags::MAX_TAGS,
            "propertyNames": {
                "minLength": 1,
                "maxLength": tags::MAX_KEY,
                "pattern": r"^(?![Aa][Ww][Ss]:)(?![Ll][Aa][Tt][Cc][Hh][Kk][Ee][Yy]:)(?!Name$)[\p{L}\p{N} _.:/=+@-]+$",
            },
            "additionalProperties": {
                "type": "string",
                "maxLength": tags::MAX_VALUE,
                "pattern": r"^[\p{L}\p{N} _.:/=+@-]*$",
            },
        }),
    }
}

/// Clients need addresses, except where AWS chooses IPv6 ones.
fn client_cidr_rule() -> Value {
    json!({
        "if": { "properties": { "traffic_address_type": { "const": "ipv6" } }, "required": ["traffic_address_type"] },
        "then": { "not": { "required": ["client_cidr"] } },
        "else": { "required": ["client_cidr"] },
    })
}

fn second_factor_rule() -> Value {
    json!({
        "oneOf": [{ "required": ["directory_id"] }, { "required": ["saml_provider_arn"] }],
        "dependencies": { "self_service_saml_provider_arn": ["saml_provider_arn"] },
    })
}

fn from_toml(text: &str) -> Value {
    let table: toml::Table = format!("value = {text}").parse().expect("defaults are TOML");
    serde_json::to_value(table.get("value")).expect("defaults are JSON too")
}

fn extend(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}
