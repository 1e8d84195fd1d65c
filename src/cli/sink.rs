//! Where the report goes: standard output, or a file that is replaced in one step.
//!
//! Must not: leave half a report under the name of a whole one.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::error::CliError;

/// The destination of the report.
#[derive(Debug)]
pub(crate) enum Sink {
    /// Standard output.
    Stdout(BufWriter<io::Stdout>),
    /// A new file that takes the place of an older one at the end.
    File { file: BufWriter<NamedTempFile>, path: PathBuf },
    /// Something that is there and is no regular file: a pipe, `/dev/null`.
    Device { file: BufWriter<std::fs::File>, path: PathBuf },
}

impl Sink {
    /// Opens it now, so that a wrong path is known before the work is done.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Self::Stdout(BufWriter::with_capacity(64 * 1024, io::stdout())));
        };
        Self::open_file(path).map_err(|source| failure(path, source))
    }

    /// The rest is written, and a file takes its name.
    pub(crate) fn finish(self) -> Result<(), CliError> {
        match self {
            Self::Stdout(mut out) => out.flush().map_err(CliError::Write),
            Self::Device { mut file, path } => {
                file.flush().map_err(|source| failure(&path, source))
            }
            Self::File { file, path } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error);
                let persisted = file.and_then(|file| Ok(file.persist(&path)?));
                persisted.map(drop).map_err(|source| failure(&path, source))
            }
        }
    }

    /// What is wrong when writing fails.
    pub(crate) fn failure(&self, source: io::Error) -> CliError {
        match self {
            Self::Stdout(_) => CliError::Write(source),
            Self::File { path, .. } | Self::Device { path, .. } => failure(path, source),
        }
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        // A symbolic link stays one: what it points to is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Ok(there) = path.metadata()
            && !there.is_file()
        {
            let file = OpenOptions::new().write(true).open(&path)?;
            return Ok(Self::Device { file: BufWriter::new(file), path });
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".corscope-");
        #[cfg(unix)]
        builder.permissions(permissions(&path));
        let file = builder.tempfile_in(folder.unwrap_or_else(|| Path::new(".")))?;
        Ok(Self::File { file: BufWriter::new(file), path })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File { file, .. } => file.write(bytes),
            Self::Device { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File { file, .. } => file.flush(),
            Self::Device { file, .. } => file.flush(),
        }
    }
}

/// Those of the file that is replaced, else what the umask leaves.
#[cfg(unix)]
fn permissions(path: &Path) -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .map_or_else(|_| std::fs::Permissions::from_mode(0o666), |there| there.permissions())
}

fn failure(path: &Path, source: io::Error) -> CliError {
    CliError::Output { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_when_it_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.json");
        let mut sink = Sink::open(Some(&path)).expect("a sink");
        sink.write_all(b"half").expect("bytes");
        assert!(!path.exists());
        sink.finish().expect("a file");
        assert_eq!(path.metadata().expect("a file").len(), 4);
        assert!(Sink::open(Some(&folder.path().join("no/such/report"))).is_err());
    }
}
