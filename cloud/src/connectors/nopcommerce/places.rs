//! Countries and states by id, read once and kept a while.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use connect_core::domain::failure::Failure;
use connect_core::domain::store::Flavour;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::convert::{free_xml, unreadable};
use super::transport::{Call, Transport};
use super::{canonical, wire};

const KEPT: Duration = Duration::from_hours(1);
// An id not in the list may be new: look again, but not for every order.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// The lists of one store.
#[derive(Debug, Default)]
pub(super) struct Places {
    kept: Mutex<Option<(Instant, Arc<Lists>)>>,
}

#[derive(Debug)]
struct Lists {
    countries: HashMap<i64, canonical::Country>,
    states: HashMap<i64, canonical::State>,
}

impl Places {
    /// Turns an API's address into a canonical one.
    pub(super) async fn address(
        &self,
        transport: &Transport,
        address: wire::Address,
    ) -> Result<canonical::Address, Failure> {
        let country_id = address.country_id.filter(|id| *id != 0);
        let state_id = address.state_province_id.filter(|id| *id != 0);
        let (country, state) = match (country_id, state_id) {
            (None, None) => (None, None),
            _ => self.find(transport, country_id, state_id).await?,
        };
        Ok(canonical::Address {
            first_name: address.first_name,
            last_name: address.last_name,
            email: address.email,
            company: address.company,
            address1: address.address1,
            address2: address.address2,
            city: address.city,
            county: address.county,
            zip_postal_code: address.zip_postal_code,
            phone_number: address.phone_number,
            fax_number: address.fax_number,
            custom_attributes_xml: free_xml(address.custom_attributes),
            country,
            state,
        })
    }

    async fn find(
        &self,
        transport: &Transport,
        country: Option<i64>,
        state: Option<i64>,
    ) -> Result<(Option<canonical::Country>, Option<canonical::State>), Failure> {
        let knows = |lists: &Lists| {
            country.is_none_or(|id| lists.countries.contains_key(&id))
                && state.is_none_or(|id| lists.states.contains_key(&id))
        };
        let lists = self.lists(transport, &knows).await?;
        let found_country = country.map(|id| {
            lists
                .countries
                .get(&id)
                .cloned()
                .ok_or_else(|| unknown("country_id", id))
        });
        let found_state = state.map(|id| {
            lists
                .states
                .get(&id)
                .cloned()
                .ok_or_else(|| unknown("state_province_id", id))
        });
        Ok((found_country.transpose()?, found_state.transpose()?))
    }

    async fn lists(
        &self,
        transport: &Transport,
        knows: &(dyn Fn(&Lists) -> bool + Send + Sync),
    ) -> Result<Arc<Lists>, Failure> {
        let mut kept = self.kept.lock().await;
        if let Some((read, lists)) = kept.as_ref() {
            let age = read.elapsed();
            if age < LOOK_AGAIN || (age < KEPT && knows(lists)) {
                return Ok(Arc::clone(lists));
            }
        }
        let lists = Arc::new(read(transport).await?);
        *kept = Some((Instant::now(), Arc::clone(&lists)));
        Ok(lists)
    }
}

async fn read(transport: &Transport) -> Result<Lists, Failure> {
    let (countries, states) = match transport.flavour {
        Flavour::Official => {
            let hidden_too = [("showHidden", "true".to_owned())];
            let countries = Call {
                name: "Country/GetAllCountries",
                path: "/api-backend/Country/GetAllCountries",
                query: &hidden_too,
            };
            let states = Call {
                name: "StateProvince/GetAll",
                path: "/api-backend/StateProvince/GetAll",
                query: &hidden_too,
            };
            tokio::try_join!(
                transport.get::<Vec<wire::Country>>(countries),
                transport.get::<Vec<wire::State>>(states),
            )?
        }
        Flavour::Opensource => {
            let countries = Call {
                name: "countries",
                path: "/api/countries",
                query: &[],
            };
            let states = Call {
                name: "stateprovinces",
                path: "/api/stateprovinces",
                query: &[],
            };
            let (countries, states) = tokio::try_join!(
                transport.get::<wire::Countries>(countries),
                transport.get::<wire::States>(states),
            )?;
            (countries.countries, states.state_provinces)
        }
    };
    Ok(Lists {
        countries: countries.into_iter().filter_map(country).collect(),
        states: states.into_iter().map(state).collect(),
    })
}

fn country(country: wire::Country) -> Option<(i64, canonical::Country)> {
    let wire::Country {
        id,
        name,
        two_letter_iso_code,
        three_letter_iso_code,
    } = country;
    id.map(|id| {
        (
            id,
            canonical::Country {
                name,
                two_letter_iso_code,
                three_letter_iso_code,
            },
        )
    })
}

fn state(state: wire::State) -> (i64, canonical::State) {
    (
        state.id,
        canonical::State {
            name: state.name,
            abbreviation: state.abbreviation,
        },
    )
}

fn unknown(field: &str, id: i64) -> Failure {
    unreadable(
        &format!("address.{field}"),
        &format!("the store's lists have no id {id}"),
    )
}
