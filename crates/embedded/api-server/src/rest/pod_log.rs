//! The `log` subresource of pods: files that whoever runs the pods writes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::{Response, StatusCode};
use serde_json::Value;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::Api;
use super::call::Call;
use super::metadata::text;
use crate::http::response;
use crate::status::ApiError;
use crate::store::Key;

/// Most bytes that are read at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// How often a followed file is looked at for more.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
const PLAIN_TEXT: &str = "text/plain";

impl Api {
    pub(super) async fn pod_log(&self, call: &Call) -> Result<Response<response::Body>, ApiError> {
        for unmodelled in ["previous", "timestamps"] {
            if call.query.flag(unmodelled)? {
                return Err(ApiError::not_modelled(format!(
                    "the option {unmodelled} of pod logs"
                )));
            }
        }
        for unmodelled in ["sinceSeconds", "sinceTime", "stream"] {
            if call.query.get(unmodelled).is_some() {
                return Err(ApiError::not_modelled(format!(
                    "the option {unmodelled} of pod logs"
                )));
            }
        }
        let folder = self
            .pod_logs_dir
            .as_ref()
            .ok_or_else(|| ApiError::not_modelled("pod logs without a folder of logs"))?;
        let pod = self
            .store
            .get(&call.key())?
            .ok_or_else(|| call.not_found())?
            .value()?;
        let container = container(call, &pod)?;
        let path = folder
            .join(&call.namespace)
            .join(&call.name)
            .join(format!("{container}.log"));
        let follow = call.query.flag("follow")?;
        if !follow
            && !tokio::fs::try_exists(&path)
                .await
                .map_err(ApiError::internal)?
        {
            let problem = format!(
                "container {container:?} in pod {:?} is waiting to start: no logs yet",
                call.name
            );
            return Err(ApiError::bad_request(problem));
        }
        let start = match call.query.parsed::<usize>("tailLines")? {
            Some(lines) => start_of_tail(&path, lines)
                .await
                .map_err(ApiError::internal)?,
            None => 0,
        };
        let remaining = call.query.parsed::<u64>("limitBytes")?.unwrap_or(u64::MAX);
        let log = Log {
            path,
            file: None,
            position: start,
            remaining,
        };
        if !follow {
            let chunks = stream::unfold(log, |mut log| async move {
                log.chunk().await.map(|chunk| (chunk, log))
            });
            return Ok(response::stream(PLAIN_TEXT, chunks));
        }
        let followed = Followed {
            log,
            store: self.store.clone(),
            pod: call.key(),
            shutdown: self.shutdown.clone(),
        };
        let chunks = stream::unfold(followed, |mut followed| async move {
            followed.next().await.map(|chunk| (chunk, followed))
        });
        Ok(response::stream(PLAIN_TEXT, chunks))
    }
}

/// The container whose log is asked for: the named one, or the only one.
fn container<'a>(call: &'a Call, pod: &'a Value) -> Result<&'a str, ApiError> {
    let names = |field: &str| -> Vec<&'a str> {
        pod["spec"][field]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|container| text(container, &["name"]))
            .collect()
    };
    let (containers, init_containers) = (names("containers"), names("initContainers"));
    let refused = |problem: String| {
        Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "BadRequest",
            problem,
        ))
    };
    match (call.query.get("container"), containers.as_slice()) {
        (Some(name), _) if containers.contains(&name) || init_containers.contains(&name) => {
            Ok(name)
        }
        (Some(name), _) => refused(format!(
            "container {name} is not valid for pod {}",
            call.name
        )),
        (None, [only]) => Ok(only),
        (None, several) => refused(format!(
            "a container name must be specified for pod {}, choose one of: [{}]",
            call.name,
            several.join(" ")
        )),
    }
}

/// Where the last `lines` lines of a file start.
async fn start_of_tail(path: &Path, lines: usize) -> std::io::Result<u64> {
    let mut file = match File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut start = file.seek(std::io::SeekFrom::End(0)).await?;
    if lines == 0 {
        return Ok(start);
    }
    // The newline that ends the last line does not start another one.
    let mut newlines = 0;
    let end = start;
    let mut buffer = vec![0; CHUNK_BYTES];
    while start > 0 {
        let size = start.min(CHUNK_BYTES as u64);
        start -= size;
        let part = &mut buffer[..usize::try_from(size).unwrap_or(CHUNK_BYTES)];
        file.seek(std::io::SeekFrom::Start(start)).await?;
        file.read_exact(part).await?;
        for (offset, _) in part
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, byte)| **byte == b'\n')
        {
            let behind = start + offset as u64 + 1;
            newlines += usize::from(behind != end);
            if newlines == lines {
                return Ok(behind);
            }
        }
    }
    Ok(0)
}

/// A log file that is being read.
struct Log {
    path: PathBuf,
    file: Option<File>,
    position: u64,
    /// Bytes that may still be sent.
    remaining: u64,
}

impl Log {
    /// The next part of the file, or nothing at its end.
    async fn chunk(&mut self) -> Option<Bytes> {
        if self.file.is_none() {
            let mut file = File::open(&self.path).await.ok()?;
            file.seek(std::io::SeekFrom::Start(self.position))
                .await
                .ok()?;
            self.file = Some(file);
        }
        let size = usize::try_from(self.remaining)
            .unwrap_or(CHUNK_BYTES)
            .min(CHUNK_BYTES);
        let mut buffer = vec![0; size];
        let read = self.file.as_mut()?.read(&mut buffer).await.ok()?;
        buffer.truncate(read);
        self.remaining -= read as u64;
        (read > 0).then(|| buffer.into())
    }
}

/// A log that is read until its pod has finished.
struct Followed {
    log: Log,
    store: crate::store::Store,
    pod: Key,
    shutdown: tokio_util::sync::CancellationToken,
}

impl Followed {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            // Looked at before the file: whatever a finished pod has written is in the file by then.
            let running = self.is_running();
            if let Some(chunk) = self.log.chunk().await {
                return Some(chunk);
            }
            if !running || self.log.remaining == 0 {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep(POLL_INTERVAL) => {}
                () = self.shutdown.cancelled() => return None,
            }
        }
    }

    fn is_running(&self) -> bool {
        let Ok(Some(record)) = self.store.get(&self.pod) else {
            return false;
        };
        let Ok(pod) = record.value() else {
            return false;
        };
        !matches!(
            text(&pod, &["status", "phase"]),
            Some("Succeeded" | "Failed")
        )
    }
}
