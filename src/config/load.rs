//! Reads the configuration from the disk.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Config, ConfigError, ImageSource, LoadError, find, read};
use crate::syntax;

/// A configuration and its path.
#[derive(Debug)]
pub struct Loaded {
    /// The content.
    pub config: Config,
    /// The path as people know it.
    pub path: PathBuf,
    /// The folder of the file. Its paths are relative to this folder.
    pub folder: PathBuf,
    /// The text.
    pub text: String,
}

/// The path of a file that cannot be used, its text if it was read, and the error.
pub type Unloaded = Box<(PathBuf, String, LoadError)>;

/// The limit for a configuration, in bytes.
pub const MOST: u64 = 1 << 20;

/// The configuration at the path `named`, or else the one that [`find()`] finds from `directory`
/// up to `root`, the root of the repository.
///
/// # Errors
///
/// The file cannot be read, or is not a valid configuration.
pub fn load(
    directory: &Path,
    root: Option<&Path>,
    named: Option<&Path>,
) -> Result<Option<Loaded>, Unloaded> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => match find(directory, root) {
            Ok(Some(path)) => path,
            Ok(None) => return Ok(None),
            Err(error) => return Err(Box::new((directory.to_owned(), String::new(), error))),
        },
    };
    let whole = directory.join(&path);
    let text = match text(&whole, &path) {
        Ok(text) => text,
        Err(error) => return Err(Box::new((path, String::new(), error))),
    };
    let folder = whole.parent().unwrap_or(directory);
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let loaded = loaded(text, path, folder)?;
    let Loaded { folder, .. } = &loaded;
    for image in &loaded.config.images {
        if let ImageSource::Path(image) = image
            && let Ok(real) = folder.join(image).canonicalize()
            && !real.starts_with(folder)
        {
            let error = LoadError::Outside {
                path: image.clone(),
            };
            return Err(Box::new((loaded.path, loaded.text, error)));
        }
    }
    Ok(Some(loaded))
}

/// The configuration with this text.
///
/// # Errors
///
/// The text is not a valid configuration.
pub fn loaded(text: String, path: PathBuf, folder: PathBuf) -> Result<Loaded, Unloaded> {
    match read(&text) {
        Ok(config) => Ok(Loaded {
            config,
            path,
            folder,
            text,
        }),
        Err(error) => Err(Box::new((path, text, error.into()))),
    }
}

/// The text of the file. Errors call it `name`.
fn text(path: &Path, name: &Path) -> Result<String, LoadError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes));
    match read {
        Ok(len) if len as u64 > MOST => Err(LoadError::TooLarge {
            path: name.to_owned(),
            limit: MOST,
        }),
        Ok(_) => {
            let text = syntax::decode(&bytes).map_err(ConfigError::from)?;
            Ok(text.to_owned())
        }
        Err(source) => Err(LoadError::Read {
            path: name.to_owned(),
            source,
        }),
    }
}
