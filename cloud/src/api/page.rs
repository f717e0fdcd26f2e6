//! Pages of a listing: keyset cursors that callers hand back as they got them.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::extract::Query;
use crate::error::Error;

const DEFAULT: i64 = 50;
const MOST: i64 = 200;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    /// Id of the last item of the page before.
    pub after: Option<Uuid>,
    /// Items on a page.
    pub limit: i64,
}

/// Query of every listing.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items on a page: 1 to 200, 50 when not given.
    limit: Option<String>,
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// What stands on it.
    pub items: Vec<T>,
    /// Ask with this for the next page; none when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Everything on one page.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self {
            items,
            next_cursor: None,
        }
    }

    /// Makes a page from one item more than fits, read in the listing's order.
    pub(crate) fn cut<R>(
        mut rows: Vec<R>,
        limit: i64,
        id: impl Fn(&R) -> Uuid,
        view: impl Fn(R) -> T,
    ) -> Self {
        let size = usize::try_from(limit).unwrap_or_default();
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().map(id).filter(|_| more);
        let next_cursor = last.map(|id| URL_SAFE_NO_PAD.encode(id.as_bytes()));
        Self {
            items: rows.into_iter().map(view).collect(),
            next_cursor,
        }
    }
}

impl Paging {
    /// One more than fits, to see whether there is a next page.
    pub(crate) fn fetch(self) -> i64 {
        self.limit + 1
    }

    fn read(query: &PageQuery) -> Result<Self, Error> {
        let mut error = Error::invalid("invalid_fields", "some parameters are not valid");
        let limit = match query.limit.as_deref().map(str::parse::<i64>) {
            None => DEFAULT,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => {
                error = error.with_field("limit", format!("must be 1 to {MOST}"));
                DEFAULT
            }
        };
        let after = query.cursor.as_deref().map(|cursor| {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
            bytes.and_then(|bytes| Uuid::from_slice(&bytes).ok())
        });
        if after == Some(None) {
            error = error.with_field("cursor", "must be the next_cursor of a page");
        }
        if error.fields.is_empty() {
            return Ok(Self {
                after: after.flatten(),
                limit,
            });
        }
        Err(error)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Query(query) = Query::<PageQuery>::from_request_parts(parts, state).await?;
        Self::read(&query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_whether_there_is_a_next_one() {
        let ids: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
        let page = Page::cut(ids.clone(), 2, |id| *id, |id| id);
        assert_eq!(page.items, ids[..2]);
        let cursor = page.next_cursor.expect("more");
        let query = PageQuery {
            cursor: Some(cursor),
            limit: Some("2".into()),
        };
        let paging = Paging::read(&query).expect("reads");
        assert_eq!(
            paging,
            Paging {
                after: Some(ids[1]),
                limit: 2
            }
        );
        assert!(Page::cut(ids, 3, |id| *id, |id| id).next_cursor.is_none());
    }

    #[test]
    fn wrong_parameters_are_all_named() {
        let query = PageQuery {
            cursor: Some("?".into()),
            limit: Some("0".into()),
        };
        let error = Paging::read(&query).expect_err("wrong");
        assert_eq!(error.fields.len(), 2);
    }
}
