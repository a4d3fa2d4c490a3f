//! The file of a job as a reader: pieces are fetched and opened one ahead of the blocking reader. Memory stays flat.

use super::piece_place;
use crate::App;
use domain::id::{JobId, TenantId};
use seal::envelope::DataKeys;
use std::io::{self, Read};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Reads pieces that a task sends.
pub(super) struct PieceReader {
    pieces: mpsc::Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            match self.pieces.blocking_recv() {
                Some(piece) => (self.piece, self.at) = (piece?, 0),
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.piece.len() - self.at);
        buffer[..length].copy_from_slice(&self.piece[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

impl App {
    /// A reader over a job's file, from its beginning. To be read where blocking is allowed.
    pub(super) fn pieces(
        self: &Arc<Self>,
        tenant: TenantId,
        service: &str,
        job: JobId,
        keys: Arc<DataKeys>,
    ) -> PieceReader {
        let (send, pieces) = mpsc::channel(1);
        let (app, service) = (Arc::clone(self), service.to_owned());
        tokio::spawn(async move {
            for number in 0.. {
                let piece = match app.store.job_piece_read(tenant, job, number).await {
                    Ok(None) => return,
                    Ok(Some(sealed)) => keys
                        .open(&piece_place(tenant, &service, job, number), &sealed)
                        .map_err(|_| io::Error::other("a piece of the file does not open")),
                    Err(error) => Err(io::Error::other(error)),
                };
                let failed = piece.is_err();
                if send.send(piece).await.is_err() || failed {
                    return;
                }
            }
        });
        PieceReader { pieces, piece: Vec::new(), at: 0 }
    }
}
