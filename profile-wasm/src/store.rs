//! What outlives a reload: the pending requests of all deployments, in IndexedDB, their private
//! keys wrapped. <https://www.w3.org/TR/IndexedDB/>

use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{CryptoKey, IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransactionMode};

use crate::{message::Message, webcrypto::WrappedKey};

#[wasm_bindgen]
extern "C" {
    /// One pending request, as it is stored. What is read back may be of another version of
    /// the page, so any part of it may be missing or of another kind.
    #[wasm_bindgen(extends = Object)]
    pub(crate) type Record;

    #[wasm_bindgen(method, getter, structural)]
    fn csr(this: &Record) -> JsValue;
    #[wasm_bindgen(method, setter, structural)]
    fn set_csr(this: &Record, pem: &str);

    #[wasm_bindgen(method, getter, structural)]
    fn sent(this: &Record) -> JsValue;
    /// Whether the person said that the request is on its way.
    #[wasm_bindgen(method, setter, structural)]
    pub(crate) fn set_sent(this: &Record, sent: bool);

    #[wasm_bindgen(method, getter, structural)]
    fn certificate(this: &Record) -> JsValue;
    /// PEM, once it was given and found good.
    #[wasm_bindgen(method, setter, structural)]
    pub(crate) fn set_certificate(this: &Record, pem: &str);

    #[wasm_bindgen(method, getter, structural)]
    fn wrapping_key(this: &Record) -> JsValue;
    #[wasm_bindgen(method, setter, structural)]
    fn set_wrapping_key(this: &Record, key: &CryptoKey);

    #[wasm_bindgen(method, getter, structural)]
    fn nonce(this: &Record) -> JsValue;
    #[wasm_bindgen(method, setter, structural)]
    fn set_nonce(this: &Record, nonce: &JsValue);

    #[wasm_bindgen(method, getter, structural)]
    fn ciphertext(this: &Record) -> JsValue;
    #[wasm_bindgen(method, setter, structural)]
    fn set_ciphertext(this: &Record, ciphertext: &JsValue);
}

impl Record {
    /// A request that has just been made.
    pub(crate) fn new(csr: &str, key: &WrappedKey) -> Self {
        let record: Self = Object::new().unchecked_into();
        record.set_csr(csr);
        record.set_wrapping_key(&key.wrapping_key);
        record.set_nonce(&key.nonce);
        record.set_ciphertext(&key.ciphertext);
        record
    }

    /// The request, PEM.
    pub(crate) fn csr_pem(&self) -> Option<String> {
        self.csr().as_string()
    }

    /// The certificate, PEM.
    pub(crate) fn certificate_pem(&self) -> Option<String> {
        self.certificate().as_string()
    }

    /// Whether the request is on its way.
    pub(crate) fn is_sent(&self) -> bool {
        self.sent().is_truthy()
    }

    /// The private key, still wrapped.
    pub(crate) fn key(&self) -> Option<WrappedKey> {
        Some(WrappedKey {
            wrapping_key: self.wrapping_key().dyn_into().ok()?,
            nonce: self.nonce().dyn_into().ok()?,
            ciphertext: self.ciphertext().dyn_into().ok()?,
        })
    }
}

/// The browser's database for this origin.
pub(crate) struct Store(IdbDatabase);

impl Store {
    pub(crate) async fn open() -> Result<Self, Message> {
        let factory = web_sys::window().and_then(|window| window.indexed_db().ok().flatten());
        let factory = factory.ok_or_else(|| Message::new("storage-refused").with("code", ""))?;
        let request = factory.open_with_u32(DATABASE, VERSION).map_err(refused)?;
        let upgrade = Closure::<dyn Fn()>::new({
            let request = request.clone();
            // A failure here fails the opening, which is reported.
            move || drop(create(&request))
        });
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let database = answer(&request).await?.dyn_into().map_err(refused)?;
        Ok(Self(database))
    }

    /// The record under `key`, if there is one.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Record>, Message> {
        let request = self.table(IdbTransactionMode::Readonly)?.get(&key.into()).map_err(refused)?;
        let found = answer(&request).await?;
        Ok(found.is_object().then(|| found.unchecked_into()))
    }

    /// The keys of all records, of whatever deployment.
    pub(crate) async fn keys(&self) -> Result<Vec<String>, Message> {
        let request = self.table(IdbTransactionMode::Readonly)?.get_all_keys().map_err(refused)?;
        let keys: Array = answer(&request).await?.unchecked_into();
        Ok(keys.iter().filter_map(|key| key.as_string()).collect())
    }

    /// Keeps `record` under `key`, in place of what was there.
    pub(crate) async fn put(&self, key: &str, record: &Record) -> Result<(), Message> {
        let table = self.table(IdbTransactionMode::Readwrite)?;
        table.put_with_key(record, &key.into()).map_err(refused)?;
        committed(&table).await
    }

    /// Forgets what is under `key`.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), Message> {
        let table = self.table(IdbTransactionMode::Readwrite)?;
        table.delete(&key.into()).map_err(refused)?;
        committed(&table).await
    }

    fn table(&self, mode: IdbTransactionMode) -> Result<IdbObjectStore, Message> {
        let transaction = self.0.transaction_with_str_and_mode(TABLE, mode).map_err(refused)?;
        transaction.object_store(TABLE).map_err(refused)
    }
}

fn create(request: &IdbOpenDbRequest) -> Result<IdbObjectStore, JsValue> {
    request.result()?.dyn_into::<IdbDatabase>()?.create_object_store(TABLE)
}

async fn answer(request: &IdbRequest) -> Result<JsValue, Message> {
    events(|done, failed| {
        request.set_onsuccess(Some(done));
        request.set_onerror(Some(failed));
    })
    .await?;
    request.result().map_err(refused)
}

/// A change is safe when its transaction is complete, not when its request is.
async fn committed(table: &IdbObjectStore) -> Result<(), Message> {
    let transaction = table.transaction();
    events(|done, failed| {
        transaction.set_oncomplete(Some(done));
        transaction.set_onabort(Some(failed));
        transaction.set_onerror(Some(failed));
    })
    .await
}

/// Waits until one of two events has come.
async fn events(listen: impl Fn(&Function, &Function)) -> Result<(), Message> {
    Promise::new(&mut |done, failed| listen(&done, &failed)).await.map(drop).map_err(refused)
}

fn refused(thrown: JsValue) -> Message {
    Message::thrown("storage-refused")(thrown)
}

const DATABASE: &str = "latchkey";
const VERSION: u32 = 1;
const TABLE: &str = "pending";
