//! Embeds the built-in rule files, the catalogue's pages and the recipes: lists `rules/**/*.toml`
//! for `include_str!`, and puts what a run reads into a form that is read quickly.
//!
//! Must not: check a rule; `src/rules` does that, with the code that reads users' rules.

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
    for (name, folder) in [("builtin_pages", "pages"), ("builtin_recipes", "recipes")] {
        let own: Vec<_> =
            files.extract_if(.., |file| file.starts_with(rules.join(folder))).collect();
        write(&output.join(name).with_extension("rs"), list(&root, &own)?.as_bytes())?;
        if folder == "pages" {
            let tables: Result<Vec<_>, _> =
                own.iter().map(|file| table(file, &read(file)?)).collect();
            let bytes = rmp_serde::to_vec(&tables?).map_err(io::Error::other)?;
            write(&output.join(name).with_extension("bin"), &bytes)?;
        }
    }
    let (rules, bytes) = rules_of(&root, &files)?;
    write(&output.join("builtin_rules.rs"), rules.as_bytes())?;
    write(&output.join("builtin_rules.bin"), &bytes)
}

/// The source text of a list of rules, and what it points to: each rule without its examples in a
/// form that is read quickly. What is wrong with a rule, the tests tell, with its place.
fn rules_of(root: &Path, files: &[PathBuf]) -> io::Result<(String, Vec<u8>)> {
    let (mut list, mut bytes) = (String::from("&[\n"), Vec::new());
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let text = read(file)?;
        let rule = text.split("\n[[examples]]").next().unwrap_or_default();
        let rule = table(file, rule)?;
        let start = bytes.len();
        bytes.extend(rmp_serde::to_vec(&rule).map_err(io::Error::other)?);
        let line = writeln!(
            list,
            "    Embedded {{ name: {name:?}, rule: RULES.split_at({}).0.split_at({}).1, text: \
             include_str!({:?}) }},",
            literal(bytes.len()),
            literal(start),
            file.display(),
        );
        line.map_err(io::Error::other)?;
    }
    list.push(']');
    Ok((list, bytes))
}

/// What a file says.
fn table(file: &Path, text: &str) -> io::Result<toml::Table> {
    toml::from_str(text).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))
}

/// A number below a million as source text.
fn literal(number: usize) -> String {
    match number / 1000 {
        0 => number.to_string(),
        thousands => format!("{thousands}_{:03}", number % 1000),
    }
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

#[expect(clippy::disallowed_methods, reason = "a build script reads the source tree")]
fn read(file: &Path) -> io::Result<String> {
    fs::read_to_string(file)
}

#[expect(clippy::disallowed_methods, reason = "a build script writes into its output folder")]
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    fs::write(path, text)
}
