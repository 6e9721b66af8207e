//! The part of Python's pickle format that `torch.save` writes, read without ever running anything.
//!
//! Opcodes as in Python's `pickletools`. Classes and functions are names here; the few that make tensors are understood
//! (`calls`), any other becomes an opaque object. An opcode outside the list is an error.

use std::collections::HashMap;
use std::rc::Rc;

use super::calls;
use super::value::{Global, Heap, Id, Value};

/// Reads a pickle to its end: all values, and the one it stands for.
pub(super) fn read(bytes: &[u8]) -> Result<(Heap, Id), String> {
    let mut machine = Machine::default();
    let mut input = Input { bytes, at: 0 };
    loop {
        let at = input.at;
        if input.byte()? == b'.' {
            let root = machine.pop()?;
            return Ok((machine.heap, root));
        }
        machine
            .step(bytes[at], &mut input)
            .map_err(|reason| format!("{reason} (byte {at} of its description)"))?;
    }
}

/// The stack machine that a pickle is a program for.
#[derive(Default)]
struct Machine {
    heap: Heap,
    stack: Vec<Id>,
    /// Heights of the stack where a mark was set.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl Machine {
    fn step(&mut self, opcode: u8, input: &mut Input<'_>) -> Result<(), String> {
        match opcode {
            0x80 => self.protocol(input.byte()?),
            0x95 => input.take(8).map(drop), // a frame: its length tells us nothing
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' | b'b' => self.pop().map(drop), // also: attributes of the object below it
            b'1' | 0x90 => self.pop_mark().map(drop), // also: into a set, which nobody looks at
            b'2' => self.top().map(|id| self.stack.push(id)),
            b'N' | 0x88 | 0x89 | 0x8f => self.push(Value::Other), // None, true, false, an empty set
            b'J' => {
                let value = i32::from_le_bytes(input.array()?);
                self.push(Value::Int(value.into()))
            }
            b'K' => {
                let value = input.byte()?;
                self.push(Value::Int(value.into()))
            }
            b'M' => {
                let value = u16::from_le_bytes(input.array()?);
                self.push(Value::Int(value.into()))
            }
            0x8a => {
                let n = input.byte()?;
                self.long(input.take(n.into())?)
            }
            0x8b => {
                let bytes = input.counted_u32()?;
                self.long(bytes)
            }
            b'G' => {
                input.take(8)?;
                self.push(Value::Other)
            }
            b'X' => self.text(input.counted_u32()?),
            0x8c => {
                let n = input.byte()?;
                self.text(input.take(n.into())?)
            }
            0x8d => self.text(input.counted_u64()?),
            b'U' | b'C' => {
                let n = input.byte()?;
                input.take(n.into())?;
                self.push(Value::Other)
            }
            b'T' | b'B' => {
                input.counted_u32()?;
                self.push(Value::Other)
            }
            0x8e | 0x96 => {
                input.counted_u64()?;
                self.push(Value::Other)
            }
            b')' => self.push(Value::Tuple(Rc::default())),
            0x85 => self.tuple(1),
            0x86 => self.tuple(2),
            0x87 => self.tuple(3),
            b't' => {
                let items = self.pop_mark()?;
                self.push(Value::Tuple(items.into()))
            }
            b']' => self.push(Value::List(Vec::new())),
            b'l' => {
                let items = self.pop_mark()?;
                self.push(Value::List(items))
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])
            }
            b'e' => {
                let items = self.pop_mark()?;
                self.append(items)
            }
            b'}' => self.push(Value::Dict(Vec::new())),
            b'd' => {
                self.push(Value::Dict(Vec::new()))?;
                let dict = self.pop()?;
                let items = self.pop_mark()?;
                self.stack.push(dict);
                self.insert(&items)
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.insert(&[key, value])
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.insert(&items)
            }
            0x91 => {
                self.pop_mark()?;
                self.push(Value::Other)
            }
            b'c' => {
                let module = input.line()?;
                let name = input.line()?;
                self.push(Value::Global(Rc::new(Global { module, name })))
            }
            0x93 => self.stack_global(),
            b'R' | 0x81 => {
                let arguments = self.pop()?;
                self.call(arguments)
            }
            0x92 => {
                self.pop()?;
                let arguments = self.pop()?;
                self.call(arguments)
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = calls::storage(&self.heap, id)?;
                self.push(storage)
            }
            b'h' => {
                let index = input.byte()?;
                self.recall(index.into())
            }
            b'j' => {
                let index = u32::from_le_bytes(input.array()?);
                self.recall(index)
            }
            b'q' => {
                let index = input.byte()?;
                self.remember(index.into())
            }
            b'r' => {
                let index = u32::from_le_bytes(input.array()?);
                self.remember(index)
            }
            0x94 => {
                let index = u32::try_from(self.memo.len()).map_err(|error| error.to_string())?;
                self.remember(index)
            }
            other => Err(format!(
                "it uses the pickle opcode {other:#04x}, which no tensor needs"
            )),
        }
    }

    fn protocol(&self, version: u8) -> Result<(), String> {
        if (2..=5).contains(&version) && self.stack.is_empty() {
            Ok(())
        } else {
            Err(format!(
                "its pickle protocol is {version}, and 2 to 5 are known"
            ))
        }
    }

    fn push(&mut self, value: Value) -> Result<(), String> {
        let id = self.heap.add(value)?;
        self.stack.push(id);
        Ok(())
    }

    /// What lies above the last mark belongs to it.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id, String> {
        match self.stack.last() {
            Some(id) if self.stack.len() > self.floor() => Ok(*id),
            _ => Err("it takes a value from an empty stack".to_owned()),
        }
    }

    fn pop(&mut self) -> Result<Id, String> {
        let id = self.top()?;
        self.stack.pop();
        Ok(id)
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self
            .marks
            .pop()
            .ok_or("it uses a mark that was never set")?;
        Ok(self.stack.split_off(mark))
    }

    /// A whole number of any size; one of more than 8 bytes is of no use to a tensor.
    fn long(&mut self, bytes: &[u8]) -> Result<(), String> {
        if bytes.len() > 8 {
            return self.push(Value::Other);
        }
        let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut all = [if is_negative { 0xff } else { 0 }; 8];
        all[..bytes.len()].copy_from_slice(bytes);
        self.push(Value::Int(i64::from_le_bytes(all)))
    }

    fn text(&mut self, bytes: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "a text in it is not UTF-8")?;
        self.push(Value::Text(text.into()))
    }

    fn tuple(&mut self, n: usize) -> Result<(), String> {
        let start = (self.stack.len().checked_sub(n)).filter(|start| *start >= self.floor());
        let start = start.ok_or("it takes a value from an empty stack")?;
        let items = self.stack.split_off(start);
        self.push(Value::Tuple(items.into()))
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), String> {
        let list = self.top()?;
        match self.heap.get_mut(list) {
            Value::List(list) => list.extend(items),
            Value::Object(_) | Value::Other => {}
            _ => return Err("it appends to what is not a list".to_owned()),
        }
        Ok(())
    }

    fn insert(&mut self, items: &[Id]) -> Result<(), String> {
        let dict = self.top()?;
        let (pairs, rest) = items.as_chunks::<2>();
        match self.heap.get_mut(dict) {
            Value::Dict(dict) if rest.is_empty() => {
                dict.extend(pairs.iter().map(|[key, value]| (*key, *value)));
            }
            Value::Object(_) if rest.is_empty() => {}
            _ => return Err("it sets an item of what is not a dictionary".to_owned()),
        }
        Ok(())
    }

    fn stack_global(&mut self) -> Result<(), String> {
        let (name, module) = (self.pop()?, self.pop()?);
        match (self.heap.text(module), self.heap.text(name)) {
            (Some(module), Some(name)) => {
                let global = Global {
                    module: module.to_string(),
                    name: name.to_string(),
                };
                self.push(Value::Global(Rc::new(global)))
            }
            _ => Err("it names a class by something else than texts".to_owned()),
        }
    }

    /// What calling the function or class on the stack would give.
    fn call(&mut self, arguments: Id) -> Result<(), String> {
        let callable = self.pop()?;
        match calls::result(&self.heap, callable, arguments)? {
            calls::Outcome::New(value) => self.push(value),
            calls::Outcome::Same(id) => {
                self.stack.push(id);
                Ok(())
            }
        }
    }

    fn remember(&mut self, index: u32) -> Result<(), String> {
        let id = self.top()?;
        self.memo.insert(index, id);
        Ok(())
    }

    fn recall(&mut self, index: u32) -> Result<(), String> {
        let id = self.memo.get(&index);
        let id = id.ok_or_else(|| format!("it recalls value {index}, which it never stored"))?;
        self.stack.push(*id);
        Ok(())
    }
}

/// The bytes of a pickle, taken from the front.
struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let end = self
            .at
            .checked_add(n)
            .filter(|end| *end <= self.bytes.len());
        let end = end.ok_or("its description of tensors is cut short")?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, String> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn counted_u32(&mut self) -> Result<&'a [u8], String> {
        let n = u32::from_le_bytes(self.array()?);
        self.take(n as usize)
    }

    fn counted_u64(&mut self) -> Result<&'a [u8], String> {
        let n = u64::from_le_bytes(self.array()?);
        self.take(usize::try_from(n).unwrap_or(usize::MAX))
    }

    fn line(&mut self) -> Result<String, String> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|byte| *byte == b'\n');
        let len = len.ok_or("its description of tensors is cut short")?;
        let line = self.take(len + 1)?;
        String::from_utf8(line[..len].to_vec()).map_err(|_| "a name in it is not UTF-8".to_owned())
    }
}
