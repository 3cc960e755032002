//! The values of one place (the flags, the environment, a config file), not yet understood.

use std::collections::BTreeMap;

use super::catalog::Setting;
use super::source::{RawValue, Source};

/// Raw values by setting.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    values: BTreeMap<Setting, RawValue>,
}

impl Layer {
    /// Sets a value.
    pub fn set(&mut self, setting: Setting, value: RawValue) {
        self.values.insert(setting, value);
    }

    /// The value of a setting, when this place has one.
    pub fn get(&self, setting: Setting) -> Option<&RawValue> {
        self.values.get(&setting)
    }
}

/// The places in their order: what an earlier one says goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers {
    pub(crate) flags: Layer,
    pub(crate) environment: Layer,
    pub(crate) file: Layer,
}

impl Layers {
    /// The places in their order.
    pub(crate) fn in_order(&self) -> [&Layer; 3] {
        [&self.flags, &self.environment, &self.file]
    }

    /// The value that goes; the default's when no place has one, `None` when there is none either.
    pub(crate) fn get(&self, setting: Setting) -> Option<RawValue> {
        self.in_order()
            .into_iter()
            .find_map(|layer| layer.get(setting))
            .cloned()
            .or_else(|| {
                Some(RawValue {
                    text: setting.spec().default?.into(),
                    source: Source::Default,
                })
            })
    }
}
