//! Generated from `wit/`: one set of host traits, and one caller for each world.

/// Everything a plugin can be lent.
pub(super) mod capabilities {
    wasmtime::component::bindgen!({
        world: "capabilities",
        path: "../wit",
        imports: { default: trappable },
    });
}

/// Calls into the world `task`.
pub(super) mod task {
    wasmtime::component::bindgen!({
        world: "task",
        path: "../wit",
        exports: { default: async },
        with: {
            "lifeos:task/types": super::capabilities::lifeos::task::types,
            "lifeos:task/repo": super::capabilities::lifeos::task::repo,
            "lifeos:task/history": super::capabilities::lifeos::task::history,
            "lifeos:task/edits": super::capabilities::lifeos::task::edits,
            "lifeos:task/model": super::capabilities::lifeos::task::model,
            "lifeos:task/rounds": super::capabilities::lifeos::task::rounds,
            "lifeos:task/findings": super::capabilities::lifeos::task::findings,
            "lifeos:task/log": super::capabilities::lifeos::task::log,
        },
    });
}

/// Calls into the world `file-task`.
pub(super) mod file_task {
    wasmtime::component::bindgen!({
        world: "file-task",
        path: "../wit",
        exports: { default: async },
        with: {
            "lifeos:task/types": super::capabilities::lifeos::task::types,
            "lifeos:task/repo": super::capabilities::lifeos::task::repo,
            "lifeos:task/history": super::capabilities::lifeos::task::history,
            "lifeos:task/log": super::capabilities::lifeos::task::log,
        },
    });
}
