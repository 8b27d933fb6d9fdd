//! The `openssl` command, as a judge that nobody here has written.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use crate::rehearsal::write;

/// `openssl ARGUMENTS` in `folder`: what it wrote to stdout.
///
/// # Errors
/// It failed; the error carries its output.
pub fn run(folder: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().context("openssl")?;
    ensure!(
        output.status.success(),
        "`openssl {}` ended with {}\n{}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A key of `arguments` (for `openssl genpkey`) in `NAME.key`, and a request for `subject` in `NAME.csr`.
///
/// # Errors
/// As [`run`].
pub fn request(folder: &Path, name: &str, key: &[&str], subject: &str, more: &[&str]) -> Result<()> {
    let (key_file, csr_file) = (format!("{name}.key"), format!("{name}.csr"));
    run(folder, &[&["genpkey", "-quiet", "-out", &key_file], key].concat())?;
    let request = ["req", "-new", "-key", &key_file, "-out", &csr_file, "-subj", subject];
    run(folder, &[&request, more].concat())?;
    Ok(())
}

/// As [`request`], for an RSA key, and with a challenge password. `openssl req` takes that from a configuration file, and
/// from there alone: with `-subj` it leaves all attributes out.
///
/// # Errors
/// As [`run`].
pub fn request_with_challenge(folder: &Path, name: &str, common_name: &str, challenge: &str) -> Result<()> {
    let (key_file, csr_file, config_file) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.cnf"));
    let config = format!(
        "[req]\nprompt = no\nstring_mask = utf8only\ndistinguished_name = subject\nattributes = attributes\n\
         [subject]\nCN = {common_name}\n[attributes]\nchallengePassword = {challenge}\n"
    );
    write(&folder.join(&config_file), config)?;
    run(folder, &[&["genpkey", "-quiet", "-out", &key_file], RSA_2048].concat())?;
    run(folder, &["req", "-new", "-key", &key_file, "-out", &csr_file, "-config", &config_file]).map(drop)
}

/// The DER of the certificate in `file`, in the Base64 of RFC 4648 section 5, as a link to the page has it.
///
/// # Errors
/// As [`run`].
pub fn base64_url(folder: &Path, file: &str) -> Result<String> {
    let pem = run(folder, &["x509", "-in", file])?;
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    Ok(base64.trim_end_matches('=').replace('+', "-").replace('/', "_"))
}

/// `openssl genpkey`'s arguments for the key that Latchkey takes.
pub const RSA_2048: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];

/// The same for one that is too short.
pub const RSA_1024: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"];

/// The serial number of the certificate in `file`, in as many digits as the ledger writes it.
///
/// # Errors
/// As [`run`].
pub fn serial(folder: &Path, file: &str) -> Result<String> {
    let text = run(folder, &["x509", "-in", file, "-noout", "-serial"])?;
    Ok(padded(text.trim().strip_prefix("serial=").context("a serial number")?))
}

/// The serial numbers on the CRL in `file`.
///
/// # Errors
/// As [`run`].
pub fn revoked(folder: &Path, file: &str) -> Result<Vec<String>> {
    let text = run(folder, &["crl", "-in", file, "-noout", "-text"])?;
    let serials = text.lines().filter_map(|line| line.trim().strip_prefix("Serial Number: "));
    Ok(serials.map(padded).collect())
}

/// OpenSSL leaves zeros at the beginning out: one serial number in 256 has some.
fn padded(serial: &str) -> String {
    format!("{serial:0>32}")
}

/// Each secret number of the RSA key in `file`: the private exponent, the primes, and what is derived of them.
///
/// # Errors
/// As [`run`].
pub fn secret_numbers(folder: &Path, file: &str) -> Result<Vec<Vec<u8>>> {
    let text = run(folder, &["pkey", "-in", file, "-noout", "-text"])?;
    ["privateExponent:", "prime1:", "prime2:", "exponent1:", "exponent2:", "coefficient:"]
        .iter()
        .map(|name| {
            let (_, after) = text.split_once(name).with_context(|| format!("`{name}` in the text of `{file}`"))?;
            let lines = after.lines().skip(1).take_while(|line| line.starts_with(' '));
            let digits: String = lines.flat_map(|line| line.trim().chars()).filter(|c| *c != ':').collect();
            let digits = digits.trim_start_matches("00").to_owned();
            (0..digits.len())
                .step_by(2)
                .map(|at| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
                .collect::<Option<Vec<u8>>>()
                .context("hexadecimal digits")
        })
        .collect()
}
