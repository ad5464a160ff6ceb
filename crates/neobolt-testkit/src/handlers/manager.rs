//! Managers of bookmarks and of tokens.

use std::sync::Arc;

use neobolt::{AuthManager, BasicAuthManager, BearerAuthManager, BookmarkManager};

use crate::backend::{Answer, Backend};
use crate::callbacks::TestkitAuthManager;
use crate::request::{Closed, Id, NewBookmarkManager};
use crate::response::Response;

impl Backend {
    pub(crate) fn new_bookmark_manager(&self, it: NewBookmarkManager) -> Response {
        let id = self.bookmark_managers.reserve();
        let initial = it.initial_bookmarks.unwrap_or_default();
        let mut builder = BookmarkManager::builder().initial_bookmarks(initial.into_iter().collect());
        if it.bookmarks_supplier_registered {
            let callbacks = Arc::clone(&self.callbacks);
            builder = builder.bookmarks_supplier(move || callbacks.supply_bookmarks(id));
        }
        if it.bookmarks_consumer_registered {
            let callbacks = Arc::clone(&self.callbacks);
            builder = builder.bookmarks_consumer(move |bookmarks| callbacks.consume_bookmarks(id, bookmarks));
        }
        self.bookmark_managers.put(id, builder.build());
        Response::BookmarkManager { id }
    }

    pub(crate) fn bookmark_manager_close(&self, it: Closed) -> Answer {
        self.bookmark_managers.take(it.id)?;
        Ok(Response::BookmarkManager { id: it.id })
    }

    pub(crate) fn new_auth_token_manager(&self) -> Response {
        let callbacks = Arc::clone(&self.callbacks);
        Response::AuthTokenManager { id: self.keep_auth_manager(|id| Arc::new(TestkitAuthManager { id, callbacks })) }
    }

    pub(crate) fn new_basic_auth_token_manager(&self) -> Response {
        let callbacks = Arc::clone(&self.callbacks);
        let manager = |id| BasicAuthManager::new(move || std::future::ready(callbacks.basic_auth(id)));
        Response::BasicAuthTokenManager { id: self.keep_auth_manager(|id| Arc::new(manager(id))) }
    }

    pub(crate) fn new_bearer_auth_token_manager(&self) -> Response {
        let callbacks = Arc::clone(&self.callbacks);
        let manager = |id| BearerAuthManager::new(move || std::future::ready(callbacks.bearer_auth(id)));
        Response::BearerAuthTokenManager { id: self.keep_auth_manager(|id| Arc::new(manager(id))) }
    }

    fn keep_auth_manager(&self, manager: impl FnOnce(Id) -> Arc<dyn AuthManager>) -> Id {
        let id = self.auth_managers.reserve();
        self.auth_managers.put(id, manager(id));
        id
    }

    pub(crate) fn auth_token_manager_close(&self, it: Closed) -> Answer {
        self.auth_managers.take(it.id)?;
        Ok(Response::AuthTokenManager { id: it.id })
    }
}
