;; Makes 200,000 handles of a resource and stops at limits.handles_max (case 22).

(component
  (type $r (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core module $m
    (import "h" "new" (func $new (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "run") (param i32 i32 i32 i32 i32 i64) (result i32)
      (local $n i32)
      (loop $more
        (drop (call $new (i32.const 1)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $n) (i32.const 200000))))
      (i32.const 16)))
  (core instance $i (instantiate $m (with "h" (instance (export "new" (func $new))))))
  (type $record (record (field "options" string) (field "instruction" (option string)) (field "now" s64)))
  (export $input "input" (type $record))
  (type $run (func (param "input" $input) (result (result (error string)))))
  (func $run (type $run) (canon lift (core func $i "run") (memory $i "memory") (realloc (func $i "realloc"))))
  (export "run" (func $run)))
