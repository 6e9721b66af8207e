//! The functions and classes of a checkpoint that make tensors, by name; every other one gives an opaque object.

use std::rc::Rc;

use super::tensor::{Storage, Tensor};
use super::value::{Heap, Id, Value};
use crate::weights::Number;

/// What a call gives.
pub(super) enum Outcome {
    /// A value that was not there before.
    New(Value),
    /// One of the arguments.
    Same(Id),
}

/// The result of calling `callable` with a tuple of arguments.
pub(super) fn result(heap: &Heap, callable: Id, arguments: Id) -> Result<Outcome, String> {
    let (Value::Global(global) | Value::Object(global)) = heap.get(callable) else {
        return Err("it calls what is neither a class nor a function".to_owned());
    };
    let Some(arguments) = heap.items(arguments) else {
        return Err(format!("it calls {} without arguments", global.name));
    };
    match (&*global.module, &*global.name) {
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => {
            tensor(heap, arguments).map(Outcome::New)
        }
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => arguments
            .first()
            .map(|data| Outcome::Same(*data))
            .ok_or_else(|| "a parameter has no tensor".to_owned()),
        ("collections", "OrderedDict") => ordered_dict(heap, arguments).map(Outcome::New),
        _ => Ok(Outcome::New(Value::Object(Rc::clone(global)))),
    }
}

/// `(storage, offset, shape, strides, …)`; what follows says whether gradients are wanted.
fn tensor(heap: &Heap, arguments: &[Id]) -> Result<Value, String> {
    let [storage, offset, shape, strides, ..] = arguments else {
        return Err(format!("a tensor is made of {} values", arguments.len()));
    };
    let storage = match heap.get(*storage) {
        Value::Storage(storage) => storage,
        Value::Other => return Ok(Value::Other),
        _ => return Err("a tensor has no storage".to_owned()),
    };
    match (heap.size(*offset), heap.sizes(*shape), heap.sizes(*strides)) {
        (Some(offset), Some(shape), Some(strides)) => {
            Tensor::new(Storage::clone(storage), offset, shape, strides)
                .map(|tensor| Value::Tensor(Rc::new(tensor)))
        }
        _ => Err("a tensor's offset, shape or strides are not whole numbers from 0".to_owned()),
    }
}

/// No argument, or a list of pairs.
fn ordered_dict(heap: &Heap, arguments: &[Id]) -> Result<Value, String> {
    let pairs = match arguments {
        [] => Some(Vec::new()),
        [pairs] => (heap.items(*pairs).unwrap_or_default().iter())
            .map(|pair| match heap.items(*pair) {
                Some([key, value]) => Some((*key, *value)),
                _ => None,
            })
            .collect(),
        _ => None,
    };
    pairs
        .map(Value::Dict)
        .ok_or_else(|| "it makes a dictionary of something else than pairs".to_owned())
}

/// What a persistent id of `torch.save` stands for: `('storage', kind, key, device, length)`.
///
/// A storage of numbers that we do not read (complex ones, say) is nothing that anybody looks at, nor is a tensor in it.
pub(super) fn storage(heap: &Heap, id: Id) -> Result<Value, String> {
    let unknown = || "it refers to something else than a storage".to_owned();
    let Some([tag, kind, key, _device, len]) = heap.items(id) else {
        return Err(unknown());
    };
    let (Some(tag), Value::Global(kind), Some(key), Some(len)) = (
        heap.text(*tag),
        heap.get(*kind),
        heap.text(*key),
        heap.size(*len),
    ) else {
        return Err(unknown());
    };
    if &**tag != "storage" {
        return Err(unknown());
    }
    let Some(number) = number(&kind.name) else {
        return Ok(Value::Other);
    };
    Ok(Value::Storage(Rc::new(Storage {
        key: key.to_string(),
        number,
        len,
    })))
}

fn number(storage: &str) -> Option<Number> {
    Some(match storage {
        "FloatStorage" => Number::F32,
        "DoubleStorage" => Number::F64,
        "HalfStorage" => Number::F16,
        "BFloat16Storage" => Number::Bf16,
        "LongStorage" => Number::I64,
        "IntStorage" => Number::I32,
        "ShortStorage" => Number::I16,
        "CharStorage" => Number::I8,
        "ByteStorage" | "BoolStorage" => Number::U8,
        _ => return None,
    })
}
