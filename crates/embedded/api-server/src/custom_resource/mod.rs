//! CustomResourceDefinitions: what they must be, and how they become served resources.

mod definition;
mod serve;
mod validation;

pub(crate) use definition::defaults;
pub(crate) use validation::problems;
