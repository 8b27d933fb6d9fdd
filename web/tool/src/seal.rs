//! Turns what trunk built into the site: files named by their content, an `index.html` that
//! trusts only these, and the headers to send. What others put beside it is left alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{
    advice::Advice,
    headers::{self, Headers},
    hosting,
    markup::{self, Asset, Assets},
    sha256,
    size::{Size, Weight},
    text::Texts,
};

/// Turn what trunk built into a site that can be served.
#[derive(Debug, Args)]
pub(crate) struct Seal {
    /// What trunk built.
    #[arg(long)]
    dist: PathBuf,
    /// What the page says: one file for each language.
    #[arg(long)]
    text: PathBuf,
    /// The site; `bundle.json` and `issued/` in it stay as they are.
    #[arg(long)]
    out: PathBuf,
    /// A folder for the same headers in the words of several hosts, which is not published.
    #[arg(long)]
    hosting: Option<PathBuf>,
}

impl Seal {
    pub(crate) fn run(self) -> Result<()> {
        let site = Site::build(&self.dist, &Texts::read(&self.text)?)?;
        let sizes = site.sizes()?;
        let weight = site.weigh(&sizes);
        weight.check()?;
        site.write(&self.out).with_context(|| format!("cannot write the site to `{}`", self.out.display()))?;
        if let Some(folder) = &self.hosting {
            site.write_hosting(folder).with_context(|| format!("cannot write to `{}`", folder.display()))?;
        }
        site.report(&sizes, weight);
        Ok(())
    }
}

/// The finished site, by path relative to its root.
#[derive(Debug)]
pub(crate) struct Site {
    assets: BTreeMap<String, Vec<u8>>,
    page: Vec<u8>,
    headers: Vec<u8>,
    /// The page's content security policy.
    pub(crate) policy: String,
    pub(crate) build: String,
}

impl Site {
    pub(crate) fn build(dist: &Path, texts: &Texts) -> Result<Self> {
        let mut built = read(dist)?;
        let Some(page) = built.remove(PAGE) else {
            return Err(Advice::new(
                format!("`{}` has no `{PAGE}`", dist.display()),
                "build the page first: `cargo xtask web`",
            )
            .into());
        };
        let page = String::from_utf8(page).context("the page is not UTF-8")?;
        let page = texts.put_into(&page).context("cannot put the text into the page")?;
        let named = assets(&built)?;
        let sealed = markup::seal(&page, &named).context("cannot seal the page")?;
        let assets = built
            .into_iter()
            .filter_map(|(name, content)| Some((named.by_name.get(&name)?.url.strip_prefix("./")?.to_owned(), content)))
            .collect();
        Ok(Self {
            assets,
            headers: Headers::for_page(&sealed.policy).to_string().into_bytes(),
            page: sealed.html.into_bytes(),
            policy: sealed.policy,
            build: sealed.build,
        })
    }

    /// The page last: it never names a file that is not there yet.
    fn write(&self, out: &Path) -> Result<()> {
        fs::create_dir_all(out.join(ASSETS))?;
        for (path, content) in &self.assets {
            write(&out.join(path), content)?;
        }
        write(&out.join(headers::FILE_NAME), &self.headers)?;
        write(&out.join(PAGE), &self.page)?;
        self.remove_stale(out)
    }

    fn write_hosting(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        for (name, content) in hosting::files(&self.policy) {
            write(&folder.join(name), content.as_bytes())?;
        }
        Ok(())
    }

    /// The folder of the assets is ours alone: what is not of this build is of an earlier one.
    fn remove_stale(&self, out: &Path) -> Result<()> {
        let current: BTreeSet<_> = self.assets.keys().map(|path| out.join(path)).collect();
        for entry in fs::read_dir(out.join(ASSETS))? {
            let path = entry?.path();
            if !current.contains(&path) {
                fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
            }
        }
        Ok(())
    }

    /// Every file that is part of the page, by its path.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let assets = self.assets.iter().map(|(path, content)| (path.as_str(), content.as_slice()));
        [(PAGE, self.page.as_slice()), (headers::FILE_NAME, &self.headers)].into_iter().chain(assets)
    }

    /// The size of every file, in the order of [`Site::files`].
    fn sizes(&self) -> Result<Vec<Size>> {
        self.files().map(|(_, content)| Size::of(content)).collect()
    }

    /// What browsers load.
    fn weigh(&self, sizes: &[Size]) -> Weight {
        let mut weight = Weight::default();
        for ((path, _), size) in self.files().zip(sizes).filter(|((path, _), _)| *path != headers::FILE_NAME) {
            weight.page = weight.page + *size;
            if extension(path) == "wasm" {
                weight.module = weight.module + *size;
            }
        }
        weight
    }

    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "sizes and hashes are the result of the command")]
    fn report(&self, sizes: &[Size], weight: Weight) {
        println!("{:>9} {:>9}  {:64}  file", "bytes", "brotli", "SHA-256");
        for ((path, content), size) in self.files().zip(sizes) {
            println!("{:>9} {:>9}  {}  {path}", size.raw, size.brotli, sha256::hex(content));
        }
        println!("{:>9} {:>9}  whole page, build {}", weight.page.raw, weight.page.brotli, self.build);
        println!("{}", weight.limits());
        if let Some(warning) = weight.warning() {
            eprintln!("warning: {warning}");
        }
    }
}

/// Every file of trunk's output but its own lock file.
pub(crate) fn read(dist: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dist).with_context(|| format!("cannot read `{}`", dist.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            bail!("`{}` has a name that is not UTF-8", entry.path().display());
        };
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            bail!("`{}` is a folder; the page has files in its root only", entry.path().display());
        }
        let content = fs::read(entry.path()).with_context(|| format!("cannot read `{}`", entry.path().display()))?;
        files.insert(name.to_owned(), content);
    }
    Ok(files)
}

/// Names files by their content: trunk hashes some of them before their last change.
fn assets(built: &BTreeMap<String, Vec<u8>>) -> Result<Assets> {
    let by_name = built
        .iter()
        .map(|(name, content)| {
            let url = format!("./{ASSETS}/{}.{}", sha256::short_hex(content, NAME_DIGITS), extension(name));
            (name.clone(), Asset { url, integrity: Asset::integrity_of(content) })
        })
        .collect();
    Ok(Assets { by_name, script: only(built, "js")?, module: only(built, "wasm")? })
}

/// The one file with this extension.
pub(crate) fn only(built: &BTreeMap<String, Vec<u8>>, wanted: &str) -> Result<String> {
    let mut names = built.keys().filter(|name| extension(name) == wanted);
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(name.clone()),
        (None, _) => bail!("no `.{wanted}` file was built"),
        (Some(first), Some(second)) => bail!("both `{first}` and `{second}` were built, one is expected"),
    }
}

fn extension(name: &str) -> &str {
    Path::new(name).extension().and_then(OsStr::to_str).unwrap_or_default()
}

/// Under a temporary name first, so that a reader sees the old file or the new one.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<()> {
    let Some(folder) = path.parent() else {
        bail!("`{}` is in no folder", path.display());
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.prefix(".").tempfile_in(folder)?;
    file.write_all(content)?;
    file.persist(path).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(())
}

/// The page itself.
pub(crate) const PAGE: &str = "index.html";
const ASSETS: &str = "assets";
/// Enough to tell builds apart; the integrity is what protects.
const NAME_DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_build_replaces_the_old_one_and_leaves_the_rest_alone() {
        let out = tempfile::tempdir().unwrap();
        write(&out.path().join("bundle.json"), b"{}").unwrap();
        fs::create_dir(out.path().join("issued")).unwrap();
        write(&out.path().join("issued/00.pem"), b"certificate").unwrap();

        for module in [b"\0asm first".as_slice(), b"\0asm second"] {
            Site::build(dist(module).path(), &Texts::default()).unwrap().write(out.path()).unwrap();
        }

        let modules: Vec<_> =
            read(&out.path().join(ASSETS)).unwrap().into_values().filter(|it| it.starts_with(b"\0asm")).collect();
        assert_eq!(modules, [b"\0asm second"]);
        assert_eq!(fs::read(out.path().join("bundle.json")).unwrap(), b"{}");
        assert_eq!(fs::read(out.path().join("issued/00.pem")).unwrap(), b"certificate");
    }

    #[test]
    fn sealing_twice_gives_the_same_bytes() {
        let dist = dist(b"\0asm");
        let [first, second] = [(); 2].map(|()| Site::build(dist.path(), &Texts::default()).unwrap());
        assert_eq!(first.page, second.page);
        assert_eq!(first.headers, second.headers);
        assert_eq!(first.assets, second.assets);
    }

    #[test]
    fn a_folder_that_trunk_did_not_fill_is_refused() {
        let empty = tempfile::tempdir().unwrap();
        let refusal = Site::build(empty.path(), &Texts::default()).unwrap_err();
        assert!(crate::advice::hint(&refusal).is_some(), "{refusal}");
    }

    fn dist(module: &[u8]) -> tempfile::TempDir {
        let dist = tempfile::tempdir().unwrap();
        let page = r#"<head><meta charset="utf-8"><script type="module"></script>
            <link rel="modulepreload" href="./page-1.js" integrity="sha384-x"></head><code id="build"></code>"#;
        write(&dist.path().join(PAGE), page.as_bytes()).unwrap();
        write(&dist.path().join("page-1.js"), b"export default () => {}").unwrap();
        write(&dist.path().join("page-1_bg.wasm"), module).unwrap();
        write(&dist.path().join(".trunk-lock"), b"").unwrap();
        dist
    }
}
