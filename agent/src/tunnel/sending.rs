//! Sends on a connection that may be stuck or gone.

use std::time::Duration;

use connect_proto::tunnel::v1::AgentMessage;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use super::open::Ended;

/// While stopping, a full connection gets so long to take one more message.
const STUCK_LIMIT: Duration = Duration::from_secs(2);
/// A connection that takes no message for so long is not worth waiting for.
pub(super) const SEND_LIMIT: Duration = Duration::from_secs(30);

/// Where messages go on a connection.
pub(super) struct Sending<'a> {
    pub(super) outgoing: &'a mpsc::Sender<AgentMessage>,
    pub(super) channel: Option<&'a Channel>,
    pub(super) shutdown: &'a CancellationToken,
    pub(super) limit: Duration,
}

impl Sending<'_> {
    /// Sends within the limit; a shutdown leaves a connection that is stuck already.
    pub(super) async fn send(&self, message: AgentMessage) -> Result<(), Ended> {
        let stuck = async {
            self.shutdown.cancelled().await;
            tokio::time::sleep(STUCK_LIMIT).await;
        };
        tokio::select! {
            biased;
            sent = tokio::time::timeout(self.limit, self.outgoing.send(message)) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(Ended::Lost("the stream ended".to_owned())),
                Err(_) => Err(Ended::Lost("the cloud takes no messages".to_owned())),
            },
            () = stuck => Err(Ended::Shutdown),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_connection_that_takes_nothing_is_left() {
        let (outgoing, _stuck) = mpsc::channel(1);
        let shutdown = CancellationToken::new();
        let sending = |limit| Sending {
            outgoing: &outgoing,
            channel: None,
            shutdown: &shutdown,
            limit,
        };
        let short = sending(Duration::from_millis(20));
        assert!(short.send(AgentMessage::default()).await.is_ok());
        let full = short.send(AgentMessage::default()).await;
        assert!(matches!(full, Err(Ended::Lost(_))));
        shutdown.cancel();
        let began = Instant::now();
        let stopped = sending(SEND_LIMIT).send(AgentMessage::default()).await;
        assert!(matches!(stopped, Err(Ended::Shutdown)));
        assert!(began.elapsed() < SEND_LIMIT);
    }
}
