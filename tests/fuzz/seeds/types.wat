(component
  (type $flags (flags "a" "b"))
  (import "flags" (type $f (eq $flags)))
  (type $variant (variant (case "none") (case "some" (list u8)) (case "more" (tuple $f s8 f32))))
  (import "variant" (type $v (eq $variant)))
  (import "r" (type $r (sub resource)))
  (import "a:b/c@1.0.0" (instance
    (export "r" (type $inner (sub resource)))
    (export "[method]r.go" (func (param "self" (borrow $inner)) (result (own $inner))))
    (export "take" (func (param "x" (option (result u8 (error string))))))))
  (import "f" (func (param "x" $v) (param "y" (own $r)) (result (list $f))))
  (component (import "g" (func)) (component) (export "h" (func 0)))
  (core module (func (export "x")) (memory 1)))
