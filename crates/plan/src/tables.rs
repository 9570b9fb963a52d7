//! Large integer tables, which travel beside the plan and are sent once.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
#[cfg(feature = "types")]
use ts_rs::TS;

/// The name of a table: the SHA-256 of its little-endian bytes, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(transparent)]
pub struct TableHash(pub String);

impl TableHash {
    /// The name of the table with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Tables by name. Equal tables are one allocation, also across plans.
#[derive(Debug, Clone, Default)]
pub struct Tables(BTreeMap<TableHash, Arc<[u32]>>);

impl Tables {
    /// The table of this name.
    pub fn get(&self, hash: &TableHash) -> Option<&Arc<[u32]>> {
        self.0.get(hash)
    }

    /// Takes the bytes of a table in, under the name that its bytes give it.
    ///
    /// # Errors
    ///
    /// A sentence, when the bytes are no whole number of 32-bit integers.
    pub fn insert(&mut self, bytes: &[u8]) -> Result<TableHash, String> {
        let (words, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(format!("{} bytes are no whole number of 32-bit integers", bytes.len()));
        }
        let hash = TableHash::of(bytes);
        let table = words.iter().map(|word| u32::from_le_bytes(*word));
        self.0.entry(hash.clone()).or_insert_with(|| table.collect());
        Ok(hash)
    }

    /// These tables and those, each allocated once.
    pub fn with(&self, more: &Tables) -> Tables {
        let mut all = self.clone();
        for (hash, table) in &more.0 {
            all.0.entry(hash.clone()).or_insert_with(|| table.clone());
        }
        all
    }

    /// Only the tables of these names.
    pub fn keep<'a>(&self, hashes: impl Iterator<Item = &'a TableHash>) -> Tables {
        Tables(hashes.filter_map(|hash| Some((hash.clone(), self.get(hash)?.clone()))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_tables_are_one_allocation() {
        let bytes = [1, 0, 0, 0, 255, 0, 0, 0];
        let mut held = Tables::default();
        let hash = held.insert(&bytes).unwrap();
        let mut sent = Tables::default();
        assert_eq!(sent.insert(&bytes).unwrap(), hash);
        let all = held.with(&sent);
        assert!(Arc::ptr_eq(all.get(&hash).unwrap(), held.get(&hash).unwrap()));
        assert_eq!(&all.get(&hash).unwrap()[..], &[1, 255]);
        assert_eq!(hash.0.len(), 64);
    }

    #[test]
    fn bytes_that_are_no_integers_are_refused() {
        assert!(Tables::default().insert(&[1, 2, 3]).is_err());
    }
}
