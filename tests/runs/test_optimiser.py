import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from chaoscl.runs.optimiser import RecipeAdamW
from chaoscl.runs.recipes import Settings

SETTINGS = Settings(epochs=1, batch=4, max_lr=0.1, rise=0.25, weight_decay=0.01, clip=1e9)


def train(model, settings, batches, optimizer=None):
    optimizer = optimizer or RecipeAdamW(model.parameters())
    optimizer.begin(settings, len(batches))
    rates = []
    for inputs in batches:
        optimizer.zero_grad()
        model(inputs).pow(2).mean().backward()
        optimizer.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return optimizer, rates


def batches(count, seed=0):
    return list(torch.randn(count, 4, 3, generator=torch.Generator().manual_seed(seed)))


def test_the_cycle_rises_to_the_highest_rate_and_completes():
    _, rates = train(nn.Linear(3, 2), SETTINGS, batches(40))
    assert max(rates) == pytest.approx(0.1)
    assert rates.index(max(rates)) == 8
    assert rates[-1] < 1e-5


def test_accumulation_averages_gradients_and_takes_a_step_every_k_batches():
    first = nn.Linear(3, 2)
    second = copy.deepcopy(first)
    data = batches(8)
    pairs = [torch.cat(data[i : i + 2]) for i in range(0, 8, 2)]
    slow, _ = train(first, Settings(1, 4, 0.1, 0.25, accumulation=2, clip=1e9), data)
    assert slow.steps == 4
    optimizer = RecipeAdamW(second.parameters())
    optimizer.begin(Settings(1, 4, 0.1, 0.25, clip=1e9), 8)
    for inputs in pairs:
        optimizer.zero_grad()
        second(inputs).pow(2).mean().backward()
        optimizer.step()
    torch.testing.assert_close(first.weight, second.weight)


def test_gradients_taken_between_two_batches_leave_the_accumulated_ones():
    usual, other = nn.Linear(3, 2), nn.Linear(3, 2)
    other.load_state_dict(usual.state_dict())
    settings = replace(SETTINGS, accumulation=3)
    train(usual, settings, batches(7))
    optimizer = RecipeAdamW(other.parameters())
    optimizer.begin(settings, 7)
    for inputs in batches(7):
        optimizer.zero_grad()
        other(100 * inputs).sum().backward()
        optimizer.zero_grad()
        assert other.weight.grad is None
        other(inputs).pow(2).mean().backward()
        optimizer.step()
    assert torch.equal(usual.weight, other.weight)


def test_with_accumulation_the_cycle_does_not_complete():
    _, rates = train(nn.Linear(3, 2), Settings(1, 4, 0.1, 0.25, accumulation=4), batches(40))
    assert rates[-1] > 0.05


def test_the_last_batch_takes_a_step_with_what_is_left():
    optimizer, _ = train(nn.Linear(3, 2), Settings(1, 4, 0.1, 0.25, accumulation=4), batches(6))
    assert optimizer.steps == 2


def test_after_an_experience_gradients_are_cleared_again():
    model = nn.Linear(3, 2)
    optimizer, _ = train(model, Settings(1, 4, 0.1, 0.25, accumulation=4), batches(6))
    model(torch.ones(1, 3)).sum().backward()
    optimizer.zero_grad()
    assert model.weight.grad is None


def test_begin_forgets_the_moments_so_that_idle_weights_stay():
    used, idle = nn.Linear(3, 2), nn.Linear(3, 2)
    optimizer = RecipeAdamW([*used.parameters(), *idle.parameters()])
    still = Settings(1, 4, 0.1, 0.25, weight_decay=0.0)
    optimizer.begin(still, 5)
    for inputs in batches(5):
        optimizer.zero_grad()
        (used(inputs) + idle(inputs)).pow(2).mean().backward()
        optimizer.step()
    optimizer.begin(still, 5)
    before = idle.weight.detach().clone()
    for inputs in batches(5, seed=1):
        optimizer.zero_grad()
        (used(inputs) + 0 * idle(inputs)).pow(2).mean().backward()
        optimizer.step()
    assert torch.equal(idle.weight, before)


def test_gradients_are_clipped_to_the_norm():
    model = nn.Linear(3, 2)
    optimizer = RecipeAdamW(model.parameters())
    optimizer.begin(Settings(1, 4, 0.1, 0.25, clip=0.5), 5)
    (1000 * model(torch.ones(4, 3))).sum().backward()
    optimizer.step()
    norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
    assert norm == pytest.approx(0.5, rel=1e-3)


def test_a_step_before_begin_is_a_programming_error():
    with pytest.raises(RuntimeError, match="begin"):
        RecipeAdamW(nn.Linear(3, 2).parameters()).step()


def test_a_single_batch_is_enough():
    optimizer, rates = train(nn.Linear(3, 2), SETTINGS, batches(1))
    assert optimizer.steps == 1
    assert 0 < rates[0] <= 0.1


PLAIN = Settings(epochs=1, batch=4, max_lr=0.1, rise=None, weight_decay=0.0, clip=None)


def test_without_a_rise_the_rate_stays_and_the_step_is_plain_adam():
    mine = nn.Linear(3, 2)
    reference = copy.deepcopy(mine)
    data = batches(12)
    _, rates = train(mine, PLAIN, data)
    adam = torch.optim.Adam(reference.parameters(), lr=0.1)
    for inputs in data:
        adam.zero_grad()
        reference(inputs).pow(2).mean().backward()
        adam.step()
    assert rates == [0.1] * 12
    torch.testing.assert_close(mine.weight, reference.weight)
    torch.testing.assert_close(mine.bias, reference.bias)


@pytest.mark.parametrize("weight_decay", [0.01, 0.5])
def test_the_weight_decay_of_the_recipe_is_adamw_s(weight_decay):
    mine = nn.Linear(3, 2)
    reference = copy.deepcopy(mine)
    data = batches(12)
    train(mine, replace(PLAIN, weight_decay=weight_decay), data)
    adamw = torch.optim.AdamW(reference.parameters(), lr=0.1, weight_decay=weight_decay)
    for inputs in data:
        adamw.zero_grad()
        reference(inputs).pow(2).mean().backward()
        adamw.step()
    torch.testing.assert_close(mine.weight, reference.weight)
    torch.testing.assert_close(mine.bias, reference.bias)


def test_weight_decay_alone_shrinks_what_has_no_gradient_to_follow():
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    optimizer = RecipeAdamW(model.parameters())
    optimizer.begin(replace(PLAIN, weight_decay=0.5), 3)
    for _ in range(3):
        optimizer.zero_grad()
        (0 * model(torch.ones(1, 3))).sum().backward()
        optimizer.step()
    torch.testing.assert_close(model.weight.detach(), before * (1 - 0.1 * 0.5) ** 3)


def test_without_a_clip_gradients_keep_their_norm():
    model = nn.Linear(3, 2)
    optimizer = RecipeAdamW(model.parameters())
    optimizer.begin(PLAIN, 5)
    (1000 * model(torch.ones(4, 3))).sum().backward()
    before = model.weight.grad.clone()
    optimizer.step()
    assert torch.equal(model.weight.grad, before)
    assert before.norm() > 1000


def test_a_constant_rate_after_a_cycle_has_nothing_of_the_cycle():
    used, fresh = nn.Linear(3, 2), nn.Linear(3, 2)
    optimizer, _ = train(used, SETTINGS, batches(7))
    fresh.load_state_dict(used.state_dict())
    _, rates = train(used, PLAIN, batches(5, seed=3), optimizer)
    train(fresh, PLAIN, batches(5, seed=3))
    assert rates == [0.1] * 5
    assert torch.equal(used.weight, fresh.weight)


def test_a_cycle_after_a_constant_rate_is_the_whole_cycle():
    used, fresh = nn.Linear(3, 2), nn.Linear(3, 2)
    optimizer, _ = train(used, PLAIN, batches(7))
    fresh.load_state_dict(used.state_dict())
    _, rates = train(used, SETTINGS, batches(40, seed=3), optimizer)
    _, expected = train(fresh, SETTINGS, batches(40, seed=3))
    assert rates == expected
    assert torch.equal(used.weight, fresh.weight)


def test_a_recipe_that_keeps_the_state_is_one_adam_for_all_tasks():
    mine = nn.Linear(3, 2)
    reference = copy.deepcopy(mine)
    optimizer = None
    adam = torch.optim.Adam(reference.parameters(), lr=0.1)
    for seed in range(3):
        data = batches(6, seed)
        optimizer, _ = train(mine, replace(PLAIN, fresh=False), data, optimizer)
        for inputs in data:
            adam.zero_grad()
            reference(inputs).pow(2).mean().backward()
            adam.step()
    torch.testing.assert_close(mine.weight, reference.weight)


def test_kept_moments_move_what_fresh_ones_leave():
    moves = []
    for fresh in (True, False):
        model = nn.Linear(3, 2)
        optimizer, _ = train(model, PLAIN, batches(5))
        before = model.weight.detach().clone()
        optimizer.begin(replace(PLAIN, fresh=fresh), 1)
        optimizer.zero_grad()
        (0 * model(torch.ones(1, 3))).sum().backward()
        optimizer.step()
        moves.append(float((model.weight.detach() - before).abs().sum()))
    assert moves[0] == 0
    assert moves[1] > 0.01


def test_with_accumulation_at_a_constant_rate_steps_are_as_few():
    optimizer, rates = train(nn.Linear(3, 2), replace(PLAIN, accumulation=4), batches(10))
    assert optimizer.steps == 3
    assert rates == [0.1] * 10
