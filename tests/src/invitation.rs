//! Invites, as `latchkey invite` gives them out.

use anyhow::{Context, Result, bail};

/// An invite as somebody was given it.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its id.
    pub id: String,
    /// What nobody else is to know.
    pub secret: String,
}

impl Given {
    /// The invite of this user among what `invite` wrote.
    ///
    /// # Errors
    /// There is none.
    pub fn read(text: &str, user: &str) -> Result<Self> {
        let end = format!(".{user}");
        let fragments = text.split([',', '"', '\n']).filter_map(|word| word.split_once("#invite=1.demo."));
        let (_, fragment) = fragments.into_iter().find(|(_, rest)| rest.ends_with(&end)).context("an invite")?;
        let [id, secret] = fragment.split('.').take(2).collect::<Vec<_>>()[..] else {
            bail!("neither id nor secret in {fragment}")
        };
        Ok(Self { id: id.to_owned(), secret: secret.to_owned() })
    }

    /// What the page puts into a request.
    pub fn password(&self) -> String {
        format!("latchkey-invite.1.{}.{}", self.id, self.secret)
    }
}
