//! Keeping secrets out of what is kept: those that are known, in every form in which they travel, and whatever has the shape of one.

mod forms;
mod redactor;

pub use forms::forms;
pub use redactor::Redactor;
