//! The page's style and script, and the policy that lets nothing else be either.

use sha2::{Digest, Sha256};

use crate::redact::base64;

/// The style sheet, as it stands in the page.
pub(super) const STYLE: &str = include_str!("page.css");
/// The script, as it stands in the page.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// The Content-Security-Policy of the page: the one style, the one script, pictures that stand in
/// the page, and nothing from anywhere.
pub(super) fn policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn hash(text: &str) -> String {
    // 32 bytes in base64 want one sign to fill up.
    format!("sha256-{}=", base64(&Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_style_nor_the_script_ends_its_element() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</") && !text.contains("<!--"));
            // A browser hashes what is left of a text after reading it.
            assert!(!text.contains(['\r', '\0']));
        }
    }

    #[test]
    fn the_hash_is_the_one_of_the_standard() {
        // sha256 of "alert('Hello, world.');" as the CSP specification has it.
        assert_eq!(
            hash("alert('Hello, world.');"),
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
    }
}
