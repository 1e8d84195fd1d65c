//! Embeds the built-in rule files, the catalogue's pages and the recipes: lists `rules/**/*.toml`
//! for `include_str!`.
//!
//! Must not: read or check a rule; `src/rules` does that, with the code that reads users' rules.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=rules");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let output = PathBuf::from(variable("OUT_DIR")?);
    let rules = root.join("rules");
    let mut files = Vec::new();
    collect(&rules, &mut files)?;
    files.sort();
    for (name, folder) in [("builtin_pages.rs", "pages"), ("builtin_recipes.rs", "recipes")] {
        let own: Vec<_> =
            files.extract_if(.., |file| file.starts_with(rules.join(folder))).collect();
        write(&output.join(name), &list(&root, &own)?)?;
    }
    write(&output.join("builtin_rules.rs"), &list(&root, &files)?)
}

/// The source text of a list of names and texts.
fn list(root: &Path, files: &[PathBuf]) -> io::Result<String> {
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let line = writeln!(list, "    ({name:?}, include_str!({:?})),", file.display());
        line.map_err(io::Error::other)?;
    }
    list.push(']');
    Ok(list)
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
