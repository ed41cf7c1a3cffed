//! Which cores there are: nodes at their places, their shards, and how each of them is.

use qala::domain::core::{Core, Input};
use qala::domain::id::{Address, ConnectionId, NodeId, UserId};

use super::super::random::Random;
use super::super::scene::Scene;

/// All nodes that there are and were.
pub(super) struct Nodes {
    pub(super) all: Vec<Node>,
    /// The node at each place of the scene.
    at: Vec<usize>,
    cores: Vec<Seat>,
    entropy: Random,
}

/// One node.
pub(super) struct Node {
    pub(super) name: NodeId,
    pub(super) place: usize,
    pub(super) first: usize,
    pub(super) shards: u8,
    pub(super) life: Life,
    /// Others hear no signs of life of it.
    pub(super) silent: bool,
    /// Cores that were told that it is gone.
    pub(super) gone_for: Vec<usize>,
}

/// How a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Up,
    Frozen,
    Dead,
}

/// A core, until its node is dead.
struct Seat {
    core: Option<Core<Random>>,
    node: usize,
    /// What came while the node stood still.
    held: Vec<(Input, Option<ConnectionId>)>,
}

impl Nodes {
    pub(super) fn new(scene: &Scene, entropy: Random) -> Self {
        let mut nodes = Self { all: Vec::new(), at: Vec::new(), cores: Vec::new(), entropy };
        for (place, shards) in scene.nodes.iter().enumerate() {
            let node = nodes.start(scene, place, *shards);
            nodes.at.push(node);
        }
        nodes
    }

    fn start(&mut self, scene: &Scene, place: usize, shards: u8) -> usize {
        let node = self.all.len();
        let name = NodeId::new(format!("n{node}"));
        let first = self.cores.len();
        for shard in 0..shards {
            let entropy = self.entropy.fork();
            let policies = vec![scene.policy.clone()];
            let core = Core::new(name.clone(), shard, policies, scene.limits.clone(), entropy);
            self.cores.push(Seat { core: Some(core), node, held: Vec::new() });
        }
        let (life, silent, gone_for) = (Life::Up, false, Vec::new());
        self.all.push(Node { name, place, first, shards, life, silent, gone_for });
        node
    }

    /// Another node begins where one died.
    pub(super) fn start_another(&mut self, scene: &Scene, place: usize) {
        self.at[place] = self.start(scene, place, scene.nodes[place]);
    }

    /// The node at a place of the scene.
    pub(super) fn at(&self, place: usize) -> usize {
        self.at[place]
    }

    /// The core, if its node is not dead.
    pub(super) fn core(&mut self, core: usize) -> Option<&mut Core<Random>> {
        self.cores[core].core.as_mut()
    }

    /// All cores of nodes that are not dead.
    pub(super) fn living(&self) -> impl Iterator<Item = (usize, &Core<Random>)> {
        self.cores.iter().enumerate().filter_map(|(index, seat)| Some((index, seat.core.as_ref()?)))
    }

    /// The same without those that stand still.
    pub(super) fn awake(&self) -> impl Iterator<Item = (usize, &Core<Random>)> {
        self.living().filter(|(core, _)| self.life_of(*core) == Life::Up)
    }

    pub(super) fn node_of(&self, core: usize) -> usize {
        self.cores[core].node
    }

    pub(super) fn place_of(&self, core: usize) -> usize {
        self.all[self.node_of(core)].place
    }

    pub(super) fn life_of(&self, core: usize) -> Life {
        self.all[self.node_of(core)].life
    }

    /// The cores of a node.
    pub(super) fn cores_of(&self, node: usize) -> Vec<usize> {
        let Node { first, shards, .. } = &self.all[node];
        (*first..first + usize::from(*shards)).collect()
    }

    /// Where a client comes in: on any node that lives, in its user's shard there.
    pub(super) fn door(&self, user: &UserId, random: &mut Random) -> Option<usize> {
        let up: Vec<usize> =
            self.at.iter().copied().filter(|node| self.all[*node].life == Life::Up).collect();
        let node = &self.all[random.pick(&up)?];
        let number: usize = user.as_str().trim_start_matches('u').parse().unwrap_or(0);
        Some(node.first + number % usize::from(node.shards))
    }

    /// The core that an address is at.
    pub(super) fn find(&self, address: &Address) -> Option<usize> {
        let node = self.all.iter().find(|node| node.name == address.node)?;
        Some(node.first + usize::from(address.session.shard))
    }

    /// Keeps what comes for a node that stands still.
    pub(super) fn hold(&mut self, core: usize, input: Input, from: Option<ConnectionId>) {
        self.cores[core].held.push((input, from));
    }

    pub(super) fn take_held(&mut self, core: usize) -> Vec<(Input, Option<ConnectionId>)> {
        std::mem::take(&mut self.cores[core].held)
    }

    /// The core is no more.
    pub(super) fn bury(&mut self, core: usize) -> Option<Core<Random>> {
        self.cores[core].core.take()
    }
}
