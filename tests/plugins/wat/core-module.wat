;; Is a module and no component, which is told with what was expected (case 12).

(module (func (export "run")))
