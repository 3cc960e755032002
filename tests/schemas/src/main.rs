//! Writes the JSON Schemas into `fixtures/schemas`.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/schemas");
    for schema in schemas::all()? {
        let mut file = File::create(dir.join(schema.file_name()))?;
        file.write_all(schema.text.as_bytes())?;
    }
    Ok(())
}
