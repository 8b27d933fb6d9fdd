//! What all `Describe…` calls share: filters and paging.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::form::Form;
use crate::cloud::{Refusal, Tags};

/// Filters, and the part of the list that is asked for.
#[derive(Debug)]
pub(super) struct Listing {
    filters: Vec<Filter>,
    start: usize,
    most: usize,
}

#[derive(Debug)]
struct Filter {
    name: String,
    values: Vec<String>,
}

impl Listing {
    /// Takes filters and paging out of a form. A name in `known` that ends with a colon stands for all that begin so.
    pub(super) fn take(form: &mut Form, known: &[&str]) -> Result<Self, Refusal> {
        let mut filters = Vec::new();
        for mut member in form.take_members("Filter") {
            let name = member.take_required("Name")?;
            let matches = |known: &&str| {
                if known.ends_with(':') { name.starts_with(*known) } else { name == **known }
            };
            if !known.iter().any(matches) {
                return Err(Refusal::invalid_value(format!("The filter '{name}' is invalid")));
            }
            filters.push(Filter { name, values: member.take_list("Value") });
            member.finish()?;
        }
        let most = match form.take_integer("MaxResults")? {
            None => 1000,
            Some(most) => usize::try_from(most).ok().filter(|most| (5..=1000).contains(most)).ok_or_else(|| {
                Refusal::invalid_value(format!(
                    "Value ({most}) for parameter maxResults is invalid. Expecting a value between 5 and 1000"
                ))
            })?,
        };
        let start = form.take("NextToken").map_or(Ok(0), |token| {
            read_token(&token).ok_or_else(|| Refusal::invalid_value(format!("Invalid value '{token}' for NextToken")))
        })?;
        Ok(Self { filters, start, most })
    }

    /// The items that pass the filters and lie on the page, and the token of the next page.
    ///
    /// `values` tells what an item has under the name of a filter.
    pub(super) fn of<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        values: impl Fn(&T, &str) -> Vec<String>,
    ) -> (Vec<T>, Option<String>) {
        let passes = |item: &T| {
            self.filters.iter().all(|filter| {
                let has = values(item, &filter.name);
                filter.values.iter().any(|wanted| has.iter().any(|value| matches(wanted, value)))
            })
        };
        let mut rest = items.into_iter().filter(passes).skip(self.start).peekable();
        let page = rest.by_ref().take(self.most).collect();
        let next = rest.peek().map(|_| URL_SAFE_NO_PAD.encode(format!("from:{}", self.start + self.most)));
        (page, next)
    }
}

/// What a resource with those tags has under the name of a filter on tags.
pub(super) fn tag_values(tags: &Tags, filter: &str) -> Vec<String> {
    match filter.strip_prefix("tag:") {
        Some(key) => tags.get(key).cloned().into_iter().collect(),
        None => tags.keys().cloned().collect(),
    }
}

fn read_token(token: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("from:")?.parse().ok()
}

/// `*` stands for any characters, `?` for one.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>
fn matches(pattern: &str, value: &str) -> bool {
    let mut pattern_rest = pattern.chars();
    match pattern_rest.next() {
        None => value.is_empty(),
        Some('*') => {
            let tails = value.char_indices().map(|(at, _)| at).chain([value.len()]);
            tails.filter_map(|at| value.get(at..)).any(|tail| matches(pattern_rest.as_str(), tail))
        }
        Some(wanted) => {
            let mut value_rest = value.chars();
            value_rest.next().is_some_and(|found| wanted == '?' || wanted == found)
                && matches(pattern_rest.as_str(), value_rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> (Vec<u32>, Option<String>) {
        let mut form = Form::parse(query.as_bytes());
        let listing = Listing::take(&mut form, &["id", "tag:"]).unwrap();
        listing.of(1..=12, |item, _| vec![item.to_string()])
    }

    #[test]
    fn pages_follow_one_another_until_the_end() {
        let (first, next) = page("MaxResults=7");
        assert_eq!(first, [1, 2, 3, 4, 5, 6, 7]);
        let (second, end) = page(&format!("MaxResults=7&NextToken={}", next.unwrap()));
        assert_eq!((second, end), (vec![8, 9, 10, 11, 12], None));
    }

    #[test]
    fn filters_are_joined_by_and_their_values_by_or() {
        assert_eq!(page("Filter.1.Name=id&Filter.1.Value.1=3&Filter.1.Value.2=1?").0, [3, 10, 11, 12]);
        assert_eq!(page("Filter.1.Name=id&Filter.1.Value.1=1*&Filter.2.Name=tag:a&Filter.2.Value.1=*2").0, [12]);
    }

    #[test]
    fn an_unknown_filter_and_a_bad_page_are_refused() {
        for query in ["Filter.1.Name=nope&Filter.1.Value.1=x", "MaxResults=4", "NextToken=abc"] {
            let refusal = Listing::take(&mut Form::parse(query.as_bytes()), &["id"]).unwrap_err();
            assert_eq!(refusal.code, "InvalidParameterValue", "{query}");
        }
    }
}
