//! The headers in the words of hosts that do not read `_headers`: files to start from, beside the site and no part of it.
//!
//! They are of one build, like `_headers`: the policy names the hash of the start script.

use serde_json::{Value, json};

use crate::headers::{CACHE_CONTROL, CACHING, OVER_TLS, everywhere};

/// Every file with its name, for a page with this content security policy.
pub(crate) fn files(policy: &str) -> [(&'static str, String); 3] {
    [("nginx.conf", nginx(policy)), ("Caddyfile", caddy(policy)), ("cloudfront.json", cloudfront(policy))]
}

/// A file for `conf.d`. All headers stand on one level: a `location` that has one of its own inherits none.
/// <https://nginx.org/en/docs/http/ngx_http_headers_module.html>
fn nginx(policy: &str) -> String {
    let mut caching = String::new();
    for (path, value) in CACHING {
        let pattern = match path.strip_suffix('*') {
            Some(start) => format!("~^{start}"),
            None => (*path).to_owned(),
        };
        caching.push_str(&format!("    {pattern} \"{value}\";\n"));
    }
    let mut headers = String::new();
    for (name, value) in with_tls(policy) {
        headers.push_str(&format!("    add_header {name} \"{value}\" always;\n"));
    }
    format!(
        "# In nginx's `http` block, such as /etc/nginx/conf.d/latchkey.conf. Replace name, certificate and folder.\n\
         map $uri $latchkey_caching {{\n{caching}}}\n\n\
         server {{\n    \
             listen 443 ssl;\n    \
             server_name vpn.example.com;\n    \
             ssl_certificate /etc/ssl/vpn.example.com.pem;\n    \
             ssl_certificate_key /etc/ssl/vpn.example.com.key;\n    \
             root /var/www/latchkey;\n\n{headers}    \
             add_header {CACHE_CONTROL} $latchkey_caching;\n\n    \
             location ~ /\\.(?!well-known/)|^/_headers$ {{\n        return 404;\n    }}\n\
         }}\n"
    )
}

/// <https://caddyserver.com/docs/caddyfile/directives/header>
fn caddy(policy: &str) -> String {
    let mut headers = String::new();
    for (name, value) in with_tls(policy) {
        headers.push_str(&format!("        {name} \"{value}\"\n"));
    }
    let mut caching = String::new();
    for (at, (path, value)) in CACHING.iter().enumerate() {
        // Where the file is there: one that is missing now must not be missing for ever.
        caching.push_str(&format!(
            "    @caching{at} {{\n        path {path}\n        file {{path}} {{path}}index.html\n    }}\n"
        ));
        caching.push_str(&format!("    header @caching{at} {CACHE_CONTROL} \"{value}\"\n"));
    }
    format!(
        "# Replace name and folder; Caddy brings the certificate itself.\n\
         vpn.example.com {{\n    \
             root * /var/www/latchkey\n    \
             header {{\n{headers}    }}\n{caching}    \
             @private path */.* /_headers\n    \
             respond @private 404\n    \
             file_server\n\
         }}\n"
    )
}

/// A response headers policy, for `aws cloudfront create-response-headers-policy`. It takes what it has a field for in that
/// field only. Caching is a property of the objects, which `latchkey publish` sets.
/// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ResponseHeadersPolicyConfig.html>
fn cloudfront(policy: &str) -> String {
    let (mut security, mut others) = (serde_json::Map::new(), Vec::new());
    for (name, value) in with_tls(policy) {
        let mut setting = |field: &str, mut setting: Value| {
            setting["Override"] = true.into();
            security.insert(field.to_owned(), setting);
        };
        match name {
            "Content-Security-Policy" => setting("ContentSecurityPolicy", json!({ "ContentSecurityPolicy": value })),
            "Referrer-Policy" => setting("ReferrerPolicy", json!({ "ReferrerPolicy": value })),
            "X-Content-Type-Options" => setting("ContentTypeOptions", json!({})),
            "X-Frame-Options" => setting("FrameOptions", json!({ "FrameOption": value })),
            "Strict-Transport-Security" => setting(
                "StrictTransportSecurity",
                json!({ "AccessControlMaxAgeSec": seconds(&value), "IncludeSubdomains": false, "Preload": false }),
            ),
            _ => others.push(json!({ "Header": name, "Value": value, "Override": true })),
        }
    }
    let policy = json!({
        "Name": "latchkey-page",
        "Comment": "Headers of the page where users make their VPN profiles",
        "SecurityHeadersConfig": security,
        "CustomHeadersConfig": { "Quantity": others.len(), "Items": others },
    });
    format!("{policy:#}\n")
}

fn with_tls(policy: &str) -> impl Iterator<Item = (&'static str, String)> {
    let (name, value) = OVER_TLS;
    everywhere(policy).into_iter().chain([(name, value.to_owned())])
}

/// Of `max-age=SECONDS`.
fn seconds(max_age: &str) -> Option<u32> {
    max_age.strip_prefix("max-age=")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What CloudFront takes is for its own command to say, which a test of the whole does.
    #[test]
    fn every_header_is_in_every_file() {
        let [nginx, caddy, cloudfront] = files(POLICY).map(|(_, content)| content);
        let quantity = with_tls(POLICY).count() - CLOUDFRONTS_OWN;
        assert!(cloudfront.contains(&format!("\"Quantity\": {quantity}")), "{cloudfront}");
        for (name, value) in with_tls(POLICY) {
            assert!(nginx.contains(&format!("add_header {name} \"{value}\" always;")), "{name}");
            assert!(caddy.contains(&format!("{name} \"{value}\"\n")), "{name}");
        }
        for (_, value) in CACHING {
            assert!(nginx.contains(value) && caddy.contains(value));
        }
    }

    const POLICY: &str = "default-src 'none'";
    /// Headers for which it has a field.
    const CLOUDFRONTS_OWN: usize = 5;
}
