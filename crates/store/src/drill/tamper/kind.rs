//! The kinds of tampering. How each is done stands elsewhere.

/// What is done first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tampering {
    /// A column of an entry is changed.
    EntryChanged,
    /// A column of several entries in a row is changed.
    EntriesChanged,
    /// An entry is deleted.
    EntryDeleted,
    /// An entry is deleted with its place; those after it move up.
    EntryClosedUp,
    /// An entry is put in beside the log.
    EntryBeside,
    /// An entry is put into the log; those after it move down.
    EntryInserted,
    /// Two entries change places.
    PlacesSwapped,
    /// Two entries change what they say.
    EntriesSwapped,
    /// The newest entries are cut off with their places.
    TailCut,
    /// Everything is taken back to an earlier published checkpoint.
    TakenBack,
    /// The oldest entries are deleted as if the retention rule had removed them.
    PrunedEarly,
    /// The hash of a leaf is changed.
    LeafChanged,
    /// A leaf is deleted.
    LeafDeleted,
    /// A leaf is made to be another entry's.
    LeafTurned,
    /// A tile's hashes are changed.
    TileChanged,
    /// The root over a tile is changed.
    TileRootChanged,
    /// A tile is deleted.
    TileDeleted,
    /// A checkpoint's text or signature is changed.
    CheckpointChanged,
    /// A checkpoint is deleted.
    CheckpointDeleted,
    /// Two checkpoints change places.
    CheckpointsSwapped,
    /// A checkpoint of another size is put in.
    CheckpointInserted,
    /// The log's size is changed.
    SizeChanged,
    /// The edge from which the log grows is changed.
    EdgeChanged,
    /// The log's row is deleted.
    LogDeleted,
    /// The log's public key is exchanged.
    KeyChanged,
    /// The entries of a whole bundle are deleted, so that its hashes are served in its place.
    BundleGone,
    /// The oldest entries are deleted as if the retention rule had removed them, and the entry about what it removed says so too.
    BoundChanged,
    /// The log's row says that more, or less, was removed.
    FirstKeptChanged,
    /// The log is called otherwise.
    OriginChanged,
    /// An entry is changed, and a measurement put in that says until years from now that everything is whole.
    EvidenceForged,
    /// A leaf is put into the platform's queue.
    PlatformLeafForged,
    /// Entries that have their place are put into the queue again.
    QueuedAgain,
    /// An entry that waits for its place is changed.
    WaitingChanged,
    /// The instant of an entry that waits is changed.
    WaitingInstantChanged,
    /// An entry is put in among those that wait.
    WaitingInserted,
}

impl Tampering {
    /// All of them.
    pub const ALL: [Self; 35] = [
        Self::EntryChanged,
        Self::EntriesChanged,
        Self::EntryDeleted,
        Self::EntryClosedUp,
        Self::EntryBeside,
        Self::EntryInserted,
        Self::PlacesSwapped,
        Self::EntriesSwapped,
        Self::TailCut,
        Self::TakenBack,
        Self::PrunedEarly,
        Self::LeafChanged,
        Self::LeafDeleted,
        Self::LeafTurned,
        Self::TileChanged,
        Self::TileRootChanged,
        Self::TileDeleted,
        Self::CheckpointChanged,
        Self::CheckpointDeleted,
        Self::CheckpointsSwapped,
        Self::CheckpointInserted,
        Self::SizeChanged,
        Self::EdgeChanged,
        Self::LogDeleted,
        Self::KeyChanged,
        Self::BundleGone,
        Self::BoundChanged,
        Self::FirstKeptChanged,
        Self::OriginChanged,
        Self::EvidenceForged,
        Self::PlatformLeafForged,
        Self::QueuedAgain,
        Self::WaitingChanged,
        Self::WaitingInstantChanged,
        Self::WaitingInserted,
    ];

    /// Whether it makes sense to make everything else fit afterwards.
    pub fn is_of_leaves(self) -> bool {
        self <= Self::LeafTurned || matches!(self, Self::BundleGone | Self::BoundChanged)
    }

    /// Whether it is of the moments before an entry has its place, so that something has to wait, and the next round of the
    /// sequencer has to come before anybody can notice.
    pub fn is_of_waiting(self) -> bool {
        let waiting = matches!(self, Self::WaitingChanged | Self::WaitingInstantChanged | Self::WaitingInserted);
        waiting || self == Self::PlatformLeafForged
    }
}
