//! The browser's own cryptography: it makes the key, signs, verifies and wraps. Private keys
//! are handles here; their bytes come out for the finished profile, and where a restored key is asked for its public half.
//! <https://www.w3.org/TR/WebCryptoAPI/>

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use profile::{backup::Backup, key::PublicKey, pem, signed::Signed};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{AesGcmParams, AesKeyGenParams, Crypto, CryptoKey, CryptoKeyPair, SubtleCrypto};
use zeroize::Zeroizing;

use crate::message::Message;

/// A private key that the browser holds. It does not show itself.
pub(crate) struct PrivateKey(CryptoKey);

/// A private key encrypted by a key that no script can read: what may be stored.
pub(crate) struct WrappedKey {
    /// Not extractable; storing keeps it so.
    pub(crate) wrapping_key: CryptoKey,
    /// AES-GCM's nonce.
    pub(crate) nonce: Uint8Array,
    /// The encrypted PKCS#8.
    pub(crate) ciphertext: Uint8Array,
}

/// Whether the browser has WebCrypto here.
///
/// # Errors
/// `insecure-origin`: pages that came over plain HTTP have none, but for those of this machine.
pub(crate) fn is_available() -> Result<(), Message> {
    crypto().map(drop)
}

/// Makes an RSA key pair.
pub(crate) async fn generate() -> Result<(PrivateKey, PublicKey), Message> {
    let pair: CryptoKeyPair =
        called(subtle()?.generate_key_with_object(&rsa_key_generation()?, true, &usages(&["sign", "verify"])))
            .await?
            .unchecked_into();
    let spki = called(subtle()?.export_key("spki", &pair.get_public_key())).await?;
    let public_key = PublicKey::from_spki_der(&Uint8Array::new(&spki).to_vec())?;
    Ok((PrivateKey(pair.get_private_key()), public_key))
}

/// Whether the owner of `public_key` (DER `SubjectPublicKeyInfo`) made the signature.
pub(crate) async fn verify(public_key: &[u8], signed: Signed<'_>) -> Result<bool, Message> {
    let spki = Uint8Array::from(public_key);
    let key = called(subtle()?.import_key_with_object("spki", &spki, &rsa_with_sha256()?, false, &usages(&["verify"])));
    let key: CryptoKey = key.await?.unchecked_into();
    let answer = subtle()?.verify_with_str_and_js_u8_array_and_js_u8_array(
        RSA,
        &key,
        &Uint8Array::from(signed.signature),
        &Uint8Array::from(signed.message),
    );
    Ok(called(answer).await?.is_truthy())
}

/// Sixteen letters by chance: a label for a wildcard DNS name.
pub(crate) fn random_label() -> Result<String, Message> {
    let random = random_bytes(16)?.to_vec();
    Ok(random.into_iter().map(|byte| char::from(b'a' + byte % 26)).collect())
}

impl PrivateKey {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub(crate) async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Message> {
        let signature = called(subtle()?.sign_with_str_and_js_u8_array(RSA, &self.0, &Uint8Array::from(message)));
        Ok(Uint8Array::new(&signature.await?).to_vec())
    }

    /// Encrypts the key with a fresh key, without its bytes ever coming to this side.
    pub(crate) async fn wrap(&self) -> Result<WrappedKey, Message> {
        let algorithm = AesKeyGenParams::new(AES, 256);
        let wrapping_key = subtle()?.generate_key_with_object(&algorithm, false, &usages(&["wrapKey", "unwrapKey"]));
        let wrapping_key: CryptoKey = called(wrapping_key).await?.unchecked_into();
        let nonce = random_bytes(12)?;
        let algorithm = AesGcmParams::new_with_u8_array(AES, &nonce);
        let ciphertext = subtle()?.wrap_key_with_object("pkcs8", &self.0, &wrapping_key, &algorithm);
        let ciphertext = Uint8Array::new(&called(ciphertext).await?);
        Ok(WrappedKey { wrapping_key, nonce, ciphertext })
    }

    /// The reverse of [`PrivateKey::wrap`].
    pub(crate) async fn unwrap(wrapped: &WrappedKey) -> Result<Self, Message> {
        let key = subtle()?.unwrap_key_with_js_u8_array_and_object_and_object(
            "pkcs8",
            &wrapped.ciphertext,
            &wrapped.wrapping_key,
            &AesGcmParams::new_with_u8_array(AES, &wrapped.nonce),
            &rsa_with_sha256()?,
            true,
            &usages(&["sign"]),
        );
        Ok(Self(called(key).await?.unchecked_into()))
    }

    /// Encrypts the key by a passphrase, without its bytes ever coming to this side.
    pub(crate) async fn back_up(&self, passphrase: &str) -> Result<Backup, Message> {
        let (salt, vector) = (random_bytes(16)?, random_bytes(16)?);
        let derived = from_passphrase(passphrase, &salt, Backup::ITERATIONS).await?;
        let ciphertext = subtle()?.wrap_key_with_object("pkcs8", &self.0, &derived, &aes_cbc(&vector)?);
        let ciphertext = Uint8Array::new(&called(ciphertext).await?).to_vec();
        Ok(Backup { salt: salt.to_vec(), iterations: Backup::ITERATIONS, vector: vector.to_vec(), ciphertext })
    }

    /// The reverse of [`PrivateKey::back_up`], with the public half.
    ///
    /// # Errors
    /// `wrong-passphrase`: what comes out is no key. Which of passphrase and file is wrong nobody can say.
    pub(crate) async fn restore(backup: &Backup, passphrase: &str) -> Result<(Self, PublicKey), Message> {
        let derived = from_passphrase(passphrase, &Uint8Array::from(backup.salt.as_slice()), backup.iterations).await?;
        let key = subtle()?.unwrap_key_with_js_u8_array_and_object_and_object(
            "pkcs8",
            &Uint8Array::from(backup.ciphertext.as_slice()),
            &derived,
            &aes_cbc(&Uint8Array::from(backup.vector.as_slice()))?,
            &rsa_with_sha256()?,
            true,
            &usages(&["sign"]),
        );
        let key: CryptoKey = called(key).await.map_err(|_| Message::new("wrong-passphrase"))?.unchecked_into();
        let key = Self(key);
        let public_key = PublicKey::from_pkcs8_der(&key.to_der().await?)?;
        Ok((key, public_key))
    }

    /// The key as PKCS#8 in PEM form (RFC 5958, RFC 7468 section 10).
    pub(crate) async fn to_pem(&self) -> Result<Zeroizing<String>, Message> {
        Ok(Zeroizing::new(pem::encode("PRIVATE KEY", &self.to_der().await?)))
    }

    async fn to_der(&self) -> Result<Zeroizing<Vec<u8>>, Message> {
        let pkcs8 = Uint8Array::new(&called(subtle()?.export_key("pkcs8", &self.0)).await?);
        let der = Zeroizing::new(pkcs8.to_vec());
        pkcs8.fill(0, 0, pkcs8.length());
        Ok(der)
    }
}

async fn called(promise: Result<Promise, JsValue>) -> Result<JsValue, Message> {
    let refused = Message::thrown("crypto-refused");
    promise.map_err(&refused)?.await.map_err(&refused)
}

fn random_bytes(length: u32) -> Result<Uint8Array, Message> {
    let bytes = Uint8Array::new_with_length(length);
    crypto()?.get_random_values_with_js_u8_array(&bytes).map_err(Message::thrown("crypto-refused"))?;
    Ok(bytes)
}

fn subtle() -> Result<SubtleCrypto, Message> {
    Ok(crypto()?.subtle())
}

fn crypto() -> Result<Crypto, Message> {
    let window = web_sys::window().filter(web_sys::Window::is_secure_context);
    window.and_then(|window| window.crypto().ok()).ok_or_else(|| Message::new("insecure-origin"))
}

/// The key of AES-256-CBC that PBKDF2 makes of a passphrase.
async fn from_passphrase(passphrase: &str, salt: &Uint8Array, iterations: u32) -> Result<CryptoKey, Message> {
    let bytes = Uint8Array::from(passphrase.as_bytes());
    let base = called(subtle()?.import_key_with_str("raw", &bytes, PBKDF2, false, &usages(&["deriveKey"]))).await;
    bytes.fill(0, 0, bytes.length());
    let base: CryptoKey = base?.unchecked_into();
    let algorithm = Object::new();
    set(&algorithm, "name", &PBKDF2.into())?;
    set(&algorithm, "hash", &"SHA-256".into())?;
    set(&algorithm, "salt", salt)?;
    set(&algorithm, "iterations", &iterations.into())?;
    let derived = AesKeyGenParams::new(AES_CBC, 256);
    let usages = usages(&["wrapKey", "unwrapKey"]);
    let derived = subtle()?.derive_key_with_object_and_object(&algorithm, &base, &derived, false, &usages);
    Ok(called(derived).await?.unchecked_into())
}

fn aes_cbc(vector: &Uint8Array) -> Result<Object, Message> {
    let algorithm = Object::new();
    set(&algorithm, "name", &AES_CBC.into())?;
    set(&algorithm, "iv", vector)?;
    Ok(algorithm)
}

fn rsa_key_generation() -> Result<Object, Message> {
    let exponent = Uint8Array::from([1, 0, 1].as_slice());
    let algorithm = rsa_with_sha256()?;
    set(&algorithm, "modulusLength", &BITS.into())?;
    set(&algorithm, "publicExponent", &exponent)?;
    Ok(algorithm)
}

fn rsa_with_sha256() -> Result<Object, Message> {
    let algorithm = Object::new();
    set(&algorithm, "name", &RSA.into())?;
    set(&algorithm, "hash", &"SHA-256".into())?;
    Ok(algorithm)
}

fn set(object: &Object, name: &str, value: &JsValue) -> Result<(), Message> {
    Reflect::set(object, &name.into(), value).map_err(Message::thrown("crypto-refused"))?;
    Ok(())
}

fn usages(names: &[&str]) -> JsValue {
    names.iter().map(|name| JsValue::from_str(name)).collect::<Array>().into()
}

const RSA: &str = "RSASSA-PKCS1-v1_5";
const PBKDF2: &str = "PBKDF2";
const AES_CBC: &str = "AES-CBC";
const AES: &str = "AES-GCM";
#[expect(clippy::cast_possible_truncation, clippy::as_conversions, reason = "2048 fits; `try_from` is not const")]
const BITS: u32 = PublicKey::BITS as u32;
