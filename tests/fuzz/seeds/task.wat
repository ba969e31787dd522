(component
  (import "lifeos:task/types@0.1.0" (instance $types
    (export "path" (type (sub resource)))))
  (import "lifeos:task/repo@0.1.0" (instance
    (type $kind (enum "file" "symlink"))
    (export "kind" (type $k (eq $kind)))
    (export "stat" (func (param "path" string) (result (result $k))))))
  (import "wasi:cli/environment@0.2.6" (instance (export "get-arguments" (func (result (list string))))))
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "run") (param i32 i32 i32 i32 i32 i64) (result i32) (i32.const 16)))
  (core instance $i (instantiate $m))
  (type $record (record (field "options" string) (field "instruction" (option string)) (field "now" s64)))
  (export $input "input" (type $record))
  (type $run (func (param "input" $input) (result (result (error string)))))
  (func $run (type $run) (canon lift (core func $i "run") (memory $i "memory") (realloc (func $i "realloc"))))
  (export "run" (func $run)))
