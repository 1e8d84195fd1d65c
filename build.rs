//! Embeds the built-in rule files: lists `rules/**/*.toml` for `include_str!`.
//!
//! Must not: read or check a rule; `src/rules` does that, with the code that reads users' rules.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=rules");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    collect(&root.join("rules"), &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let line = writeln!(list, "    ({name:?}, include_str!({:?})),", file.display());
        line.map_err(io::Error::other)?;
    }
    list.push(']');
    write(&PathBuf::from(variable("OUT_DIR")?).join("builtin_rules.rs"), &list)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folders this way")]
fn variable(name: &str) -> io::Result<std::ffi::OsString> {
    env::var_os(name).ok_or_else(|| io::Error::other(format!("cargo did not set `{name}`")))
}

#[expect(clippy::disallowed_methods, reason = "a build script reads the source tree")]
fn read_dir(folder: &Path) -> io::Result<fs::ReadDir> {
    fs::read_dir(folder)
}

#[expect(clippy::disallowed_methods, reason = "a build script writes into its output folder")]
fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
}
