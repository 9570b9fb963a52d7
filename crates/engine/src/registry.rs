//! The listening sockets of a balancer, which outlive plans and workers.
//!
//! A *group* is the sockets on one address. Its number is fixed by how the listener accepts: one
//! socket a worker, or one for the acceptor. The registry owns them; whoever accepts from one has a
//! duplicate, so a worker that dies loses nothing that waits in a queue.
//!
//! Invariant: member `i` of a group that is accepted per worker belongs to worker `i` in the order of
//! the control thread, and joined the group in that order. So the members that stay when workers
//! retire are always the first ones, and steering can name them by their number alone. When such a
//! group is handed off from now on, the acceptor takes the first member, and the workers serve theirs
//! until they are trimmed.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use net::{Bound, holder};
use plan::{Accept, Address, Plan};
use world::ListenerIx;

use crate::mailbox::GroupId;
use crate::outcome::{Problem, ProblemCode};

/// The listening sockets of a balancer, as one plan needs them. The next plan's registry shares the
/// sockets that it keeps; those that it does not close with the old one.
#[derive(Debug, Default)]
pub struct Registry {
    groups: BTreeMap<GroupId, Group>,
    /// Which listener of the plan each group serves.
    served: Vec<(GroupId, ListenerIx)>,
    last: u32,
}

#[derive(Debug)]
struct Group {
    name: Name,
    accept: Accept,
    /// As it was said when it was last set.
    backlog: u32,
    members: Vec<Arc<Bound>>,
}

/// What a listener's sockets are found again by. Port 0 is another port for each listener.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Address(Address),
    AnyPort(Address, String),
}

impl Name {
    fn of(listener: &plan::Listener) -> Self {
        match &listener.address {
            Address::Tcp { port: 0, .. } => Name::AnyPort(listener.address.clone(), listener.key.clone()),
            address => Name::Address(address.clone()),
        }
    }
}

impl Registry {
    /// The registry of `plan`: it shares what is here already, and binds one socket where nothing is.
    /// Dropping it instead of this one closes what it has bound.
    ///
    /// A group that has too many sockets keeps them until [`Registry::trim`].
    ///
    /// # Errors
    ///
    /// A problem for each listener that cannot be had.
    pub fn next(&self, plan: &Plan) -> Result<Registry, Vec<Problem>> {
        let mut next = Registry { last: self.last, ..Registry::default() };
        let mut problems = Vec::new();
        let kept: Vec<Option<GroupId>> = self.find(plan);
        for (at, listener) in (0u32..).zip(&plan.listeners) {
            let name = Name::of(listener);
            let accept = accept_by(listener, plan.engine.portable);
            let found = kept.get(at as usize).copied().flatten().and_then(|id| Some((id, self.groups.get(&id)?)));
            let (id, backlog, members) = match found {
                Some((id, group)) => (id, group.backlog, group.members.clone()),
                None => match Bound::bind(&listener.address, listener.backlog) {
                    Ok(first) => {
                        next.last += 1;
                        (GroupId(next.last), listener.backlog, vec![Arc::new(first)])
                    }
                    Err(error) => {
                        problems.push(problem(listener, &error));
                        continue;
                    }
                },
            };
            next.groups.insert(id, Group { name, accept, backlog, members });
            next.served.push((id, ListenerIx(at)));
        }
        if problems.is_empty() { Ok(next) } else { Err(problems) }
    }

    /// The group that each listener of `plan` has here already.
    fn find(&self, plan: &Plan) -> Vec<Option<GroupId>> {
        let by_name = |listener| {
            let name = Name::of(listener);
            self.groups.iter().find(|(_, group)| group.name == name).map(|(id, _)| *id)
        };
        let mut found: Vec<_> = plan.listeners.iter().map(by_name).collect();
        // A port that the system chose for port 0 may be asked for by its number from now on.
        for (at, listener) in plan.listeners.iter().enumerate() {
            let free = |id: &GroupId| !found.contains(&Some(*id));
            let listens = |group: &Group| group.address().is_some_and(|address| address == listener.address);
            if found.get(at).is_some_and(Option::is_none) {
                let bound = self.groups.iter().find(|(id, group)| free(id) && listens(group)).map(|(id, _)| *id);
                if let Some(here) = found.get_mut(at) {
                    *here = bound;
                }
            }
        }
        found
    }

    /// Binds the siblings that groups lack for `workers` workers.
    ///
    /// The system sends connections to a new sibling at once, and whoever is in its queue is reset if
    /// it closes again. So this comes after all that other programs could make fail.
    ///
    /// # Errors
    ///
    /// The system gives no more sockets.
    pub fn fill(&mut self, plan: &Plan, workers: usize) -> Result<(), Vec<Problem>> {
        for (id, at) in &self.served {
            let (Some(group), Some(listener)) = (self.groups.get_mut(id), plan.listeners.get(at.index())) else {
                continue;
            };
            while group.members.len() < wanted(group.accept, workers) {
                let Some(first) = group.members.first() else { break };
                let sibling = first.sibling(listener.backlog).map_err(|error| vec![problem(listener, &error)])?;
                group.members.push(Arc::new(sibling));
            }
        }
        Ok(())
    }

    /// Has the system hold as many connections for each socket as the plan says.
    pub fn set_backlogs(&mut self, plan: &Plan) {
        for (id, at) in &self.served {
            let (Some(group), Some(listener)) = (self.groups.get_mut(id), plan.listeners.get(at.index())) else {
                continue;
            };
            if std::mem::replace(&mut group.backlog, listener.backlog) != listener.backlog {
                // It only fails on sockets that cannot listen, and these do.
                group.members.iter().for_each(|member| drop(member.set_backlog(listener.backlog)));
            }
        }
    }

    /// Which listener of the plan each group serves.
    pub fn served(&self) -> &[(GroupId, ListenerIx)] {
        &self.served
    }

    /// The groups that the worker at `place` accepts from.
    pub fn of_worker(&self, place: usize) -> Vec<GroupId> {
        self.groups.iter().filter(|(_, group)| group.workers().contains(&place)).map(|(id, _)| *id).collect()
    }

    /// The groups that the acceptor accepts from.
    pub fn of_acceptor(&self) -> Vec<GroupId> {
        self.groups.iter().filter(|(_, group)| group.accept == Accept::HandOff).map(|(id, _)| *id).collect()
    }

    /// A duplicate of the socket at `place` of a group.
    ///
    /// # Errors
    ///
    /// The descriptors are used up.
    pub fn duplicate(&self, group: GroupId, place: usize) -> io::Result<Bound> {
        self.groups.get(&group).and_then(|group| group.members.get(place)).ok_or(io::ErrorKind::NotFound)?.duplicate()
    }

    /// Where each listener listens, by its position in the plan.
    pub fn addresses(&self) -> impl Iterator<Item = (ListenerIx, Address)> {
        self.served.iter().filter_map(|(id, at)| Some((*at, self.groups.get(id)?.address()?)))
    }

    /// Whether a group has more sockets than it should with `workers` workers.
    pub fn has_surplus(&self, workers: usize) -> bool {
        self.groups.values().any(|group| group.members.len() > wanted(group.accept, workers))
    }

    /// Sends new connections away from the sockets that are too many for `workers` workers.
    pub fn steer(&self, workers: usize) {
        for group in self.groups.values() {
            let wanted = wanted(group.accept, workers);
            if let Some(first) = group.members.first().filter(|_| group.members.len() > wanted) {
                // Where it cannot be done, those that were just promised to a socket are reset with
                // it, and no others.
                let _ = first.steer_to_first(wanted as u32);
            }
        }
    }

    /// Gives up the sockets that are too many for `workers` workers; each closes once whoever accepts
    /// from it lets go too.
    pub fn trim(&mut self, workers: usize) {
        for group in self.groups.values_mut() {
            group.members.truncate(wanted(group.accept, workers));
        }
    }

    /// Lets the system share connections out among all sockets again, after those that were to leave
    /// have closed.
    pub fn steer_no_more(&self) {
        for first in self.groups.values().filter_map(|group| group.members.first()) {
            let _ = first.steer_no_more();
        }
    }
}

impl Group {
    /// Where it listens.
    fn address(&self) -> Option<Address> {
        self.members.first()?.address().ok()
    }

    /// The places of the workers that accept from its members.
    fn workers(&self) -> Range<usize> {
        match self.accept {
            Accept::PerWorker => 0..self.members.len(),
            // The first is the acceptor's. Others are left from before, and what the system still
            // sends them is served until they are trimmed.
            Accept::HandOff => 1..self.members.len(),
        }
    }
}

/// How many sockets a group should have.
fn wanted(accept: Accept, workers: usize) -> usize {
    match accept {
        Accept::PerWorker => workers,
        Accept::HandOff => 1,
    }
}

/// How a listener's connections are really accepted: a Unix socket has no siblings, and the portable
/// path does without them.
fn accept_by(listener: &plan::Listener, portable: bool) -> Accept {
    match listener.address {
        Address::Tcp { .. } if cfg!(target_os = "linux") && !portable => listener.accept,
        _ => Accept::HandOff,
    }
}

fn problem(listener: &plan::Listener, error: &io::Error) -> Problem {
    let in_use = error.kind() == io::ErrorKind::AddrInUse;
    let holder = in_use.then(|| holder(&listener.address)).flatten();
    Problem {
        code: if in_use { ProblemCode::AddressInUse } else { ProblemCode::Listen },
        listener: Some(listener.key.clone()),
        address: Some(listener.address.clone()),
        message: error.to_string(),
        holder: holder.map(|holder| holder.to_string()),
    }
}
