//! In which region a bucket of S3 is, as the service says. Believes no configuration.

use super::{BackupError, S3};
use crate::https::Https;

/// The header that S3 tells it in.
const HEADER: &str = "x-amz-bucket-region";
/// Bytes of a region's name that are believed: `ap-northeast-1` has 14.
const MOST_BYTES: usize = 64;

/// The region of a bucket, asked without a signature; `None` when the service tells none. S3 tells it even to those it refuses,
/// with status 403 or, asked at another region's address, 301.
pub async fn of_bucket(s3: &S3) -> Result<Option<String>, BackupError> {
    let https = Https::new(s3.ca_file.as_deref())?;
    let url = format!("https://{}/{}", s3.endpoint, s3.bucket);
    Ok(https.head(&url, HEADER).await?.filter(|region| is_region(region)))
}

/// What stands in a header may be anything; this goes onto a page.
fn is_region(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    !text.is_empty() && text.len() <= MOST_BYTES && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::is_region;

    #[test]
    fn only_a_name_of_a_region_is_believed() {
        for text in ["", "AP", "<b>", "ap northeast", &"a".repeat(65)] {
            assert!(!is_region(text), "{text}");
        }
        assert!(is_region("ap-northeast-1"));
    }
}
