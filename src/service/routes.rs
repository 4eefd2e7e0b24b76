//! Requests to the answers that the table of what can be asked has for them: who may have them is checked, and what was decided is noted.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::{MethodFilter, on};

use crate::config::Right;
use crate::service::audit::{Decided, Entry, Heard};
use crate::service::call::{Answer, Call};
use crate::service::openapi::openapi;
use crate::service::peer::Peer;
use crate::service::problem::Problem;
use crate::service::state::Service;
use crate::service::table::{Ask, DELETE, GET, POST, ROUTES, Route};
use crate::service::{answers, approvals, audit, events, page};

impl Ask {
    async fn answer(self, call: Call) -> Answer {
        match self {
            Self::Page => Ok(page::index()),
            Self::Asset => page::asset(call.part("name")).ok_or_else(nothing_here),
            Self::Health => answers::health(),
            Self::Ready => answers::ready(&call),
            Self::Metrics => answers::metrics(call).await,
            Self::Me => answers::me(&call),
            Self::OpenApi => crate::service::call::json(StatusCode::OK, &openapi()),
            Self::Events => events::take(call).await,
            Self::Otlp => events::take_otlp(call).await,
            Self::Incidents => answers::incidents(call).await,
            Self::Incident => answers::incident(call).await,
            Self::Alerts => answers::alerts(call).await,
            Self::Alert => answers::alert(call).await,
            Self::Verdict => answers::verdict(call).await,
            Self::Entities => answers::entities(call).await,
            Self::Entity => answers::entity(call).await,
            Self::EntityHistory => answers::entity_history(call).await,
            Self::NotAlerted => answers::not_alerted(call).await,
            Self::Coverage => answers::coverage(call).await,
            Self::Generations => answers::generations(call).await,
            Self::Train => answers::train(&call),
            Self::Tuning => answers::budgets(call).await,
            Self::Tune => answers::tune(call).await,
            Self::Approvals => approvals::list(call).await,
            Self::Approve => approvals::add(call).await,
            Self::TakeBackApproval => approvals::remove(call).await,
        }
    }
}

/// Returns what routes requests.
pub fn router(service: Arc<Service>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let of_route = service.clone();
        let filter = match route.method {
            POST => MethodFilter::POST,
            DELETE => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let answer = move |request: Request| {
            let answered = tokio::spawn(answer(of_route.clone(), route, request));
            // What was begun is finished and noted, also if nobody waits for the answer any more.
            async move { answered.await.unwrap_or_else(|_| broken_off()) }
        };
        router = router.route(route.path, on(filter, answer));
    }
    let elsewhere = || async { nothing_here().response() };
    let otherwise = |request: Request| async move {
        let asked = request.extensions().get::<MatchedPath>();
        not_asked_so(asked.map_or("", MatchedPath::as_str))
    };
    router
        .fallback(elsewhere)
        .method_not_allowed_fallback(otherwise)
}

fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing here")
        .hint("/openapi.json lists what there is")
}

/// Returns what is said of a path that is asked with another method than it has.
fn not_asked_so(path: &str) -> Response<Body> {
    let of_path = ROUTES.iter().filter(|route| route.path == path);
    let mut methods: Vec<&str> = of_path.map(|route| route.method).collect();
    if methods.contains(&GET) {
        methods.push("HEAD");
    }
    let methods = methods.join(", ");
    let detail = format!("this is asked with {methods}");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
        .hint("/openapi.json lists what there is");
    let mut response = problem.response();
    if let Ok(methods) = HeaderValue::from_str(&methods) {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    response
}

fn broken_off() -> Response<Body> {
    let detail = "the answer could not be put together";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).response()
}

/// Admits a request and answers it.
async fn answer(service: Arc<Service>, route: &'static Route, request: Request) -> Response<Body> {
    let began = service.host.since_start();
    let (mut head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let peer = head.extensions.get::<Peer>().copied();
    let address = peer.map_or([127, 0, 0, 1].into(), |Peer(address)| address);
    let (caller, admitted) = service.guard.admit(&head, route.right, (address, began));
    let is_refused = admitted.is_err();
    let is_decision = route.right == Some(Right::Approve);
    let asked = Heard::default();
    let answered = match admitted {
        Ok(()) => match path_of(&mut head).await {
            Ok(parts) => {
                let call = Call {
                    service: service.clone(),
                    head,
                    path: parts,
                    takes: route.takes,
                    body: match is_decision {
                        true => asked.hear(body),
                        false => body,
                    },
                    caller: caller.clone(),
                };
                route.ask.answer(call).await
            }
            Err(problem) => Err(problem),
        },
        Err(problem) => Err(problem),
    };
    let problem = answered
        .as_ref()
        .err()
        .map(|problem| problem.detail.clone());
    let mut response = answered.unwrap_or_else(|problem| problem.response());
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    let status = response.status().as_u16();
    if is_decision {
        let entry = Entry {
            caller,
            is_refused,
            method: route.method,
            route: route.path,
            path,
            asked,
            status,
            problem,
            decided: response.extensions_mut().remove::<Decided>(),
        };
        let of_entry = service.clone();
        // It waits for the disk.
        let noted = tokio::task::spawn_blocking(move || audit::note(&of_entry, entry));
        let _ = noted.await;
    }
    let secs = service
        .host
        .since_start()
        .saturating_sub(began)
        .as_secs_f64();
    service.metrics.note_request(route.path, status, secs);
    response
}

async fn path_of(
    head: &mut axum::http::request::Parts,
) -> Result<BTreeMap<String, String>, Problem> {
    let parts = RawPathParams::from_request_parts(head, &()).await;
    let parts = parts.map_err(|e| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            format!("the path cannot be read: {e}"),
        )
    })?;
    Ok(parts
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}
